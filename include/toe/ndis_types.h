/* SPDX-License-Identifier: MIT */
/*
 * The original names: the published declarations of the architecture.
 *
 * Code that was written for the original speaks of NDIS_MINIPORT_OFFLOAD_BLOCK_LIST,
 * NET_BUFFER_LIST and MiniportInitiateOffload. This header declares these, so that it compiles;
 * toe/ndis.h, which includes it, converts them, so that it runs.
 *
 * What is the same. Names, values, sizes and offsets are the published ones, for 64-bit pointers;
 * static assertions below say which. Statuses have the values of TOE_STATUS_*, enumerators those of
 * their counterparts in toe/state.h, toe/block.h and toe/seam.h, so these are converted by a cast.
 *
 * What differs:
 *
 *  - Bit fields of state structures are plain integers (STATE-9), where the ABIs disagree. The two
 *    scale factors have a byte each, at 14 and 15, and not half of byte 14.
 *  - The two kinds of block list are one type with two names. Where they differ, a miniport's
 *    NdisOffloadHandle lies where a protocol's OffloadHandle does, and is a union with it here;
 *    what a protocol calls NdisReserved[2] is the MiniportOffloadContext (toe_ndis_list_link()).
 *  - NET_BUFFER_LIST, NET_BUFFER and MDL have the members that the chimney uses, in an order of our
 *    own. An MDL says its bus address; the pointer beside it may be NULL.
 *  - The tables of functions have a header and then the functions in the order in which the
 *    documents name them; their published layout is not known to us.
 *  - Values that are reserved are declared, and refused by a target.
 *
 * None of this is meant to be included together with the headers it stands for.
 */
#ifndef TOE_NDIS_TYPES_H
#define TOE_NDIS_TYPES_H

#include "toe/seam.h"

#ifdef __cplusplus
extern "C" {
#define TOE_NDIS_ASSERT(cond) static_assert(cond, #cond)
#else
#define TOE_NDIS_ASSERT(cond) _Static_assert(cond, #cond)
#endif

/* TOE_NDIS_SIZE() and TOE_NDIS_AT() hold where pointers have 64 bits; elsewhere nothing is said. */
#define TOE_NDIS_SIZE(type, size) TOE_NDIS_ASSERT(sizeof(void *) != 8 || sizeof(type) == (size))
#define TOE_NDIS_AT(type, member, off)                                                             \
    TOE_NDIS_ASSERT(sizeof(void *) != 8 || offsetof(type, member) == (off))

typedef void *PVOID;
typedef uint8_t UCHAR, *PUCHAR, BOOLEAN;
typedef uint16_t USHORT;
typedef uint32_t ULONG, *PULONG; /* 32 bits, as there */
typedef uint64_t ULONG64;
typedef PVOID NDIS_HANDLE;

/* Statuses */

typedef int32_t NDIS_STATUS; /* negative: a failure */

#define NDIS_STATUS_SUCCESS ((NDIS_STATUS)0x00000000)
#define NDIS_STATUS_PENDING ((NDIS_STATUS)0x00000103)
#define NDIS_STATUS_NOT_ACCEPTED ((NDIS_STATUS)0x00010003)
#define NDIS_STATUS_OFFLOAD_PAUSE ((NDIS_STATUS)0x40020001)
#define NDIS_STATUS_UPLOAD_ALL ((NDIS_STATUS)0x40020002)
#define NDIS_STATUS_OFFLOAD_RESUME ((NDIS_STATUS)0x40020003)
#define NDIS_STATUS_OFFLOAD_PARTIAL_SUCCESS ((NDIS_STATUS)0x40020004)
#define NDIS_STATUS_OFFLOAD_STATE_INVALID ((NDIS_STATUS)0x40020005)
#define NDIS_STATUS_FAILURE ((NDIS_STATUS)0xC0000001)
#define NDIS_STATUS_INVALID_PARAMETER ((NDIS_STATUS)0xC000000D)
#define NDIS_STATUS_RESOURCES ((NDIS_STATUS)0xC000009A)
#define NDIS_STATUS_NOT_SUPPORTED ((NDIS_STATUS)0xC00000BB)
#define NDIS_STATUS_INVALID_STATE ((NDIS_STATUS)0xC0000184)
#define NDIS_STATUS_REQUEST_ABORTED ((NDIS_STATUS)0xC001000C)
#define NDIS_STATUS_INVALID_LENGTH ((NDIS_STATUS)0xC0010014)
#define NDIS_STATUS_INVALID_DATA ((NDIS_STATUS)0xC0010015)
#define NDIS_STATUS_INVALID_OID ((NDIS_STATUS)0xC0010017)
#define NDIS_STATUS_PAUSED ((NDIS_STATUS)0xC023002A)
#define NDIS_STATUS_UNSUPPORTED_REVISION ((NDIS_STATUS)0xC023002C)
#define NDIS_STATUS_INVALID_PORT ((NDIS_STATUS)0xC023002D)
#define NDIS_STATUS_LOW_POWER_STATE ((NDIS_STATUS)0xC023002F)
#define NDIS_STATUS_UPLOAD_IN_PROGRESS ((NDIS_STATUS)0xC0231001)
#define NDIS_STATUS_REQUEST_UPLOAD ((NDIS_STATUS)0xC0231002)
#define NDIS_STATUS_UPLOAD_REQUESTED ((NDIS_STATUS)0xC0231003)
#define NDIS_STATUS_OFFLOAD_TCP_ENTRIES ((NDIS_STATUS)0xC0231004)
#define NDIS_STATUS_OFFLOAD_PATH_ENTRIES ((NDIS_STATUS)0xC0231005)
#define NDIS_STATUS_OFFLOAD_NEIGHBOR_ENTRIES ((NDIS_STATUS)0xC0231006)
#define NDIS_STATUS_OFFLOAD_IP_ADDRESS_ENTRIES ((NDIS_STATUS)0xC0231007)
#define NDIS_STATUS_OFFLOAD_HW_ADDRESS_ENTRIES ((NDIS_STATUS)0xC0231008)
#define NDIS_STATUS_OFFLOAD_VLAN_ENTRIES ((NDIS_STATUS)0xC0231009)
#define NDIS_STATUS_OFFLOAD_TCP_XMIT_BUFFER ((NDIS_STATUS)0xC023100A)
#define NDIS_STATUS_OFFLOAD_TCP_RCV_BUFFER ((NDIS_STATUS)0xC023100B)
#define NDIS_STATUS_OFFLOAD_TCP_RCV_WINDOW ((NDIS_STATUS)0xC023100C)
#define NDIS_STATUS_OFFLOAD_VLAN_MISMATCH ((NDIS_STATUS)0xC023100D)
#define NDIS_STATUS_OFFLOAD_DATA_NOT_ACCEPTED ((NDIS_STATUS)0xC023100E)
#define NDIS_STATUS_OFFLOAD_POLICY ((NDIS_STATUS)0xC023100F)
#define NDIS_STATUS_OFFLOAD_DATA_PARTIALLY_ACCEPTED ((NDIS_STATUS)0xC0231010)
#define NDIS_STATUS_OFFLOAD_REQUEST_RESET ((NDIS_STATUS)0xC0231011)
#define NDIS_STATUS_OFFLOAD_CONNECTION_REJECTED ((NDIS_STATUS)0xC0231012)
#define NDIS_STATUS_OFFLOAD_PATH_MTU ((NDIS_STATUS)0xE0231001) /* ours, none was published */

/* Names that only documents use. */
#define NDIS_STATUS_PARTIAL_SUCCESS NDIS_STATUS_OFFLOAD_PARTIAL_SUCCESS
#define NDIS_STATUS_OFFLOAD_VLAN_TAG_ENTRIES NDIS_STATUS_OFFLOAD_VLAN_ENTRIES
#define NDIS_STATUS_VLAN_MISMATCH NDIS_STATUS_OFFLOAD_VLAN_MISMATCH
#define NDIS_STATUS_ABORTED NDIS_STATUS_REQUEST_ABORTED
#define NDIS_STATUS_REQUEST_ABORT NDIS_STATUS_REQUEST_ABORTED

#define TOE_NDIS_STATUS_IS_OURS(name, text)                                                        \
    TOE_NDIS_ASSERT((toe_status)NDIS_STATUS_##name == TOE_STATUS_##name);
TOE_STATUS_MAP(TOE_NDIS_STATUS_IS_OURS)
#undef TOE_NDIS_STATUS_IS_OURS

/* Enumerations and flags */

typedef enum {
    NeighborOffloadConstState = 1,
    NeighborOffloadCachedState = 2,
    NeighborOffloadDelegatedState = 3,
    NeighborOffloadState = 4,
    Ip4OffloadConstState = 5,
    Ip4OffloadCachedState = 6,
    Ip4OffloadDelegatedState = 7,
    Ip4OffloadState = 8,
    Ip6OffloadConstState = 9,
    Ip6OffloadCachedState = 10,
    Ip6OffloadDelegatedState = 11,
    Ip6OffloadState = 12,
    TcpOffloadConstState = 13,
    TcpOffloadCachedState = 14,
    TcpOffloadDelegatedState = 15,
    TcpOffloadResourceState = 16,
    TcpOffloadState = 17,
    FilterReservedOffloadState = 0xFE
} OFFLOAD_STATE_TYPE;

typedef enum {
    TcpConnectionClosed = 0,
    TcpConnectionListen = 1,
    TcpConnectionSynSent = 2,
    TcpConnectionSynRcvd = 3,
    TcpConnectionEstablished = 4,
    TcpConnectionFinWait1 = 5,
    TcpConnectionFinWait2 = 6,
    TcpConnectionCloseWait = 7,
    TcpConnectionClosing = 8,
    TcpConnectionLastAck = 9,
    TcpConnectionTimeWait = 10
} TCP_OFFLOAD_CONNECTION_STATE;

typedef enum {
    TcpIndicateSendBacklogChange = 1,
    TcpIndicateDisconnect = 2,
    TcpIndicateRetrieve = 3,
    TcpIndicateAbort = 4
} TCP_OFFLOAD_EVENT_TYPE;

typedef enum {
    LowActivity = 1,
    HighDropRate = 2,
    SmallIO = 3,
    NoBufferPreposting = 4,
    NoBufferProposting = 4,
    ReceivedUrgentData = 5,
    HighFragmentation = 6,
    HighOutOfOrderPackets = 7,
    TimeoutExpiration = 8,
    InvalidState = 9,
    UploadRequested = 10,
    HardwareFailure = 11
} TCP_UPLOAD_REASON;

typedef enum {
    NeighborReachabilityInDoubt = 1, /* reserved */
    NeighborReachabilityQuery = 2
} INDICATE_OFFLOAD_EVENT;

typedef enum {
    NdisTcpChimneyOffload = 1,
    NdisIpsecChimneyOffload = 2, /* reserved */
    NdisRdmaChimneyOffload = 3   /* reserved */
} NDIS_CHIMNEY_OFFLOAD_TYPE;

#define TCP_DISCONNECT_GRACEFUL_CLOSE 0x01
#define TCP_DISCONNECT_ABORTIVE_CLOSE 0x02

/* Flags of TCP_OFFLOAD_STATE_CONST. */
#define TCP_FLAG_TIMESTAMP_ENABLED 0x01
#define TCP_FLAG_SACK_ENABLED 0x02
#define TCP_FLAG_WINDOW_SCALING_ENABLED 0x04
/* Flags of TCP_OFFLOAD_STATE_CACHED. */
#define TCP_FLAG_KEEP_ALIVE_ENABLED 0x01
#define TCP_FLAG_NAGLING_ENABLED 0x02
#define TCP_FLAG_KEEP_ALIVE_RESTART 0x04
#define TCP_FLAG_MAX_RT_RESTART 0x08
#define TCP_FLAG_UPDATE_RCV_WND 0x10

TOE_NDIS_ASSERT((int)NeighborOffloadState == (int)TOE_BLOCK_NEIGHBOR &&
                (int)Ip4OffloadState == (int)TOE_BLOCK_PATH4 &&
                (int)Ip6OffloadState == (int)TOE_BLOCK_PATH6 &&
                (int)TcpOffloadDelegatedState == (int)TOE_BLOCK_TCP_DELEGATED &&
                (int)TcpOffloadState == (int)TOE_BLOCK_TCP &&
                (int)FilterReservedOffloadState == (int)TOE_BLOCK_FILTER_RESERVED);
TOE_NDIS_ASSERT((int)TcpConnectionClosed == (int)TOE_TCP_CLOSED &&
                (int)TcpConnectionEstablished == (int)TOE_TCP_ESTABLISHED &&
                (int)TcpConnectionTimeWait == (int)TOE_TCP_TIME_WAIT);
TOE_NDIS_ASSERT((int)TcpIndicateSendBacklogChange == (int)TOE_EVENT_SEND_BACKLOG_CHANGE &&
                (int)TcpIndicateAbort == (int)TOE_EVENT_ABORT &&
                (int)LowActivity == (int)TOE_UPLOAD_LOW_ACTIVITY &&
                (int)HardwareFailure == (int)TOE_UPLOAD_HARDWARE_FAILURE &&
                (int)NeighborReachabilityQuery == (int)TOE_NEIGHBOR_REACHABILITY_QUERY);
TOE_NDIS_ASSERT(TCP_DISCONNECT_GRACEFUL_CLOSE == TOE_DISCONNECT_GRACEFUL &&
                TCP_DISCONNECT_ABORTIVE_CLOSE == TOE_DISCONNECT_ABORTIVE &&
                TCP_FLAG_WINDOW_SCALING_ENABLED == TOE_TCP_WINDOW_SCALING &&
                TCP_FLAG_UPDATE_RCV_WND == TOE_TCP_UPDATE_RCV_WND);

/* Buffers */

/*
 * One piece of memory. Members besides Next describe it; the data of a buffer may begin and end
 * anywhere in its chain of pieces (IOS-012).
 */
typedef struct MDL {
    struct MDL *Next;
    ULONG64 BusAddress;   /* what the target uses */
    PVOID MappedSystemVa; /* the same memory, or NULL while nobody mapped it */
    ULONG ByteCount;
    ULONG MdlFlags;
} MDL, *PMDL;

/* Invariant: DataOffset is where CurrentMdl and CurrentMdlOffset are (toe_ndis_nb_is_sound()). */
typedef struct NET_BUFFER {
    struct NET_BUFFER *Next;
    PMDL CurrentMdl; /* where the data begins; NULL if there is none */
    ULONG CurrentMdlOffset;
    ULONG DataLength;
    PMDL MdlChain;
    ULONG DataOffset;
    PVOID ProtocolReserved[6];
    PVOID MiniportReserved[4];
} NET_BUFFER, *PNET_BUFFER;

/* The slots that the chimney uses; a 32-bit value lies in the pointer itself (IOS-006). */
typedef enum {
    TcpOffloadBytesTransferred = 0,
    TcpReceiveNoPush = 2,
    Ieee8021QNetBufferListInfo = 4,
    NetBufferListHashValue = 8,
    TcpReceiveBytesTransferred = 17,
    MaxNetBufferListInfo = 20
} NDIS_NET_BUFFER_LIST_INFO;

/* Flags of a NET_BUFFER_LIST. Ours: the buffered data is urgent (RCV-093). */
#define TOE_NDIS_NBL_URGENT 0x1

typedef struct NET_BUFFER_LIST {
    struct NET_BUFFER_LIST *Next;
    PNET_BUFFER FirstNetBuffer;
    NDIS_STATUS Status;
    ULONG Flags;
    PVOID ProtocolReserved[4]; /* the owner's, if it is the host */
    PVOID MiniportReserved[2]; /* the target's while it has the list */
    PVOID Scratch;
    NDIS_HANDLE SourceHandle;
    PVOID NetBufferListInfo[MaxNetBufferListInfo];
} NET_BUFFER_LIST, *PNET_BUFFER_LIST;

#define NET_BUFFER_LIST_NEXT_NBL(nbl) ((nbl)->Next)
#define NET_BUFFER_LIST_FIRST_NB(nbl) ((nbl)->FirstNetBuffer)
#define NET_BUFFER_LIST_STATUS(nbl) ((nbl)->Status)
#define NET_BUFFER_LIST_INFO(nbl, id) ((nbl)->NetBufferListInfo[(id)])
#define NET_BUFFER_NEXT_NB(nb) ((nb)->Next)
#define NET_BUFFER_DATA_LENGTH(nb) ((nb)->DataLength)
#define NET_BUFFER_DATA_OFFSET(nb) ((nb)->DataOffset)
#define NET_BUFFER_FIRST_MDL(nb) ((nb)->MdlChain)
#define NET_BUFFER_CURRENT_MDL(nb) ((nb)->CurrentMdl)
#define NET_BUFFER_CURRENT_MDL_OFFSET(nb) ((nb)->CurrentMdlOffset)

/* Blocks */

typedef struct {
    UCHAR Type;
    UCHAR Revision;
    USHORT Size;
} NDIS_OBJECT_HEADER;
TOE_NDIS_SIZE(NDIS_OBJECT_HEADER, 4);
TOE_NDIS_AT(NDIS_OBJECT_HEADER, Size, 2);

typedef struct {
    PVOID NdisReserved[1];
    PVOID MiniportOffloadContext;
} NDIS_OFFLOAD_HANDLE, *PNDIS_OFFLOAD_HANDLE;
TOE_NDIS_SIZE(NDIS_OFFLOAD_HANDLE, 16);
TOE_NDIS_AT(NDIS_OFFLOAD_HANDLE, MiniportOffloadContext, 8);

/*
 * A block. The state that it carries follows it in memory, class after class, each at its natural
 * alignment (BLK-4): TOE_NDIS_STATE() is where it begins.
 */
typedef struct NDIS_MINIPORT_OFFLOAD_BLOCK_LIST {
    NDIS_OBJECT_HEADER Header; /* Type: OFFLOAD_STATE_TYPE */
    struct NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *NextBlock;
    struct NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *DependentBlockList;
    NDIS_STATUS Status;
    PVOID NdisReserved[2];
    PVOID *MiniportOffloadContext; /* where the target's token lies */
    union {
        NDIS_HANDLE NdisOffloadHandle;      /* a miniport's name for it */
        PNDIS_OFFLOAD_HANDLE OffloadHandle; /* a protocol's */
    };
    PVOID ProtocolReserved[2];
    PVOID MiniportReserved[2];
    PVOID ImReserved[2];
    PVOID Scratch[2];
    NDIS_HANDLE SourceHandle;
    ULONG PortNumber;
    PNET_BUFFER_LIST NetBufferListChain;
} NDIS_MINIPORT_OFFLOAD_BLOCK_LIST, *PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST;
typedef NDIS_MINIPORT_OFFLOAD_BLOCK_LIST NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST,
    *PNDIS_PROTOCOL_OFFLOAD_BLOCK_LIST;

TOE_NDIS_SIZE(NDIS_MINIPORT_OFFLOAD_BLOCK_LIST, 152);
TOE_NDIS_AT(NDIS_MINIPORT_OFFLOAD_BLOCK_LIST, NextBlock, 8);
TOE_NDIS_AT(NDIS_MINIPORT_OFFLOAD_BLOCK_LIST, DependentBlockList, 16);
TOE_NDIS_AT(NDIS_MINIPORT_OFFLOAD_BLOCK_LIST, Status, 24);
TOE_NDIS_AT(NDIS_MINIPORT_OFFLOAD_BLOCK_LIST, NdisReserved, 32);
TOE_NDIS_AT(NDIS_MINIPORT_OFFLOAD_BLOCK_LIST, MiniportOffloadContext, 48);
TOE_NDIS_AT(NDIS_MINIPORT_OFFLOAD_BLOCK_LIST, NdisOffloadHandle, 56);
TOE_NDIS_AT(NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST, OffloadHandle, 56);
TOE_NDIS_AT(NDIS_MINIPORT_OFFLOAD_BLOCK_LIST, ProtocolReserved, 64);
TOE_NDIS_AT(NDIS_MINIPORT_OFFLOAD_BLOCK_LIST, MiniportReserved, 80);
TOE_NDIS_AT(NDIS_MINIPORT_OFFLOAD_BLOCK_LIST, ImReserved, 96);
TOE_NDIS_AT(NDIS_MINIPORT_OFFLOAD_BLOCK_LIST, Scratch, 112);
TOE_NDIS_AT(NDIS_MINIPORT_OFFLOAD_BLOCK_LIST, SourceHandle, 128);
TOE_NDIS_AT(NDIS_MINIPORT_OFFLOAD_BLOCK_LIST, PortNumber, 136);
TOE_NDIS_AT(NDIS_MINIPORT_OFFLOAD_BLOCK_LIST, NetBufferListChain, 144);

#define TOE_NDIS_STATE(block) ((PVOID)((block) + 1))

/* State */

typedef struct {
    ULONG Length; /* of the whole structure, set by the host in every block that carries one */
    ULONG RecognizedOptions;
} OFFLOAD_STATE_HEADER;
TOE_NDIS_SIZE(OFFLOAD_STATE_HEADER, 8);

typedef struct {
    OFFLOAD_STATE_HEADER Header;
    UCHAR DlSourceAddress[32]; /* the first six bytes; zero: the interface's own */
    ULONG VlanId;              /* 12 bits */
} NEIGHBOR_OFFLOAD_STATE_CONST;

typedef struct {
    OFFLOAD_STATE_HEADER Header;
    UCHAR DlDestinationAddress[32];
    ULONG HostReachabilityDelta;
} NEIGHBOR_OFFLOAD_STATE_CACHED;

typedef struct {
    OFFLOAD_STATE_HEADER Header;
    ULONG NicReachabilityDelta;
} NEIGHBOR_OFFLOAD_STATE_DELEGATED;

TOE_NDIS_SIZE(NEIGHBOR_OFFLOAD_STATE_CONST, 44);
TOE_NDIS_SIZE(NEIGHBOR_OFFLOAD_STATE_CACHED, 44);
TOE_NDIS_SIZE(NEIGHBOR_OFFLOAD_STATE_DELEGATED, 12);

/* The addresses lead to 4 or 16 bytes in network byte order. */
typedef struct {
    OFFLOAD_STATE_HEADER Header;
    PUCHAR SourceAddress;
    PUCHAR DestinationAddress;
} PATH_OFFLOAD_STATE_CONST;

typedef struct {
    OFFLOAD_STATE_HEADER Header;
    ULONG PathMtu;
} PATH_OFFLOAD_STATE_CACHED;

typedef struct {
    OFFLOAD_STATE_HEADER Header;
} PATH_OFFLOAD_STATE_DELEGATED;

TOE_NDIS_SIZE(PATH_OFFLOAD_STATE_CONST, 24);
TOE_NDIS_SIZE(PATH_OFFLOAD_STATE_CACHED, 12);
TOE_NDIS_SIZE(PATH_OFFLOAD_STATE_DELEGATED, 8);

typedef struct {
    OFFLOAD_STATE_HEADER Header;
    USHORT Flags;
    USHORT RemotePort; /* network byte order */
    USHORT LocalPort;
    UCHAR SndWindScale; /* 4 bits */
    UCHAR RcvWindScale; /* 4 bits */
    USHORT RemoteMss;
    ULONG HashValue;
} TCP_OFFLOAD_STATE_CONST;

typedef struct {
    OFFLOAD_STATE_HEADER Header;
    USHORT Flags;
    ULONG InitialRcvWnd;
    ULONG RcvIndicationSize;
    UCHAR KaProbeCount;
    ULONG KaTimeout;
    ULONG KaInterval;
    ULONG MaxRT;
    ULONG FlowLabel; /* 20 bits */
    UCHAR TtlOrHopLimit;
    UCHAR TosOrTrafficClass;
    UCHAR UserPriority; /* 3 bits */
} TCP_OFFLOAD_STATE_CACHED;

/* Two pairs of members share their storage: chains move with the state, a query brings sizes. */
typedef struct {
    OFFLOAD_STATE_HEADER Header;
    TCP_OFFLOAD_CONNECTION_STATE State;
    USHORT Flags;
    ULONG RcvNxt;
    ULONG RcvWnd;
    ULONG SndUna;
    ULONG SndNxt;
    ULONG SndMax;
    ULONG SndWnd;
    ULONG MaxSndWnd;
    ULONG SendWL1;
    ULONG CWnd;
    ULONG SsThresh;
    USHORT SRtt;
    USHORT RttVar;
    ULONG TsRecent;
    ULONG TsRecentAge;
    ULONG TsTime;
    ULONG TotalRT;
    UCHAR DupAckCount;
    UCHAR SndWndProbeCount;
    struct {
        UCHAR ProbeCount;
        ULONG TimeoutDelta;
    } KeepAlive;
    struct {
        UCHAR Count;
        ULONG TimeoutDelta;
    } Retransmit;
    union {
        PNET_BUFFER_LIST SendDataHead;
        ULONG SendBacklogSize;
    };
    PNET_BUFFER_LIST SendDataTail;
    union {
        PNET_BUFFER_LIST BufferedData;
        ULONG ReceiveBacklogSize;
    };
    ULONG DWnd; /* since NDIS 6.1; a Length that ends before it is accepted */
} TCP_OFFLOAD_STATE_DELEGATED;

TOE_NDIS_SIZE(TCP_OFFLOAD_STATE_CONST, 24);
TOE_NDIS_AT(TCP_OFFLOAD_STATE_CONST, Flags, 8);
TOE_NDIS_AT(TCP_OFFLOAD_STATE_CONST, RemotePort, 10);
TOE_NDIS_AT(TCP_OFFLOAD_STATE_CONST, LocalPort, 12);
TOE_NDIS_AT(TCP_OFFLOAD_STATE_CONST, SndWindScale, 14);
TOE_NDIS_AT(TCP_OFFLOAD_STATE_CONST, RemoteMss, 16);
TOE_NDIS_AT(TCP_OFFLOAD_STATE_CONST, HashValue, 20);
TOE_NDIS_SIZE(TCP_OFFLOAD_STATE_CACHED, 44);
TOE_NDIS_AT(TCP_OFFLOAD_STATE_CACHED, InitialRcvWnd, 12);
TOE_NDIS_AT(TCP_OFFLOAD_STATE_CACHED, RcvIndicationSize, 16);
TOE_NDIS_AT(TCP_OFFLOAD_STATE_CACHED, KaProbeCount, 20);
TOE_NDIS_AT(TCP_OFFLOAD_STATE_CACHED, KaTimeout, 24);
TOE_NDIS_AT(TCP_OFFLOAD_STATE_CACHED, KaInterval, 28);
TOE_NDIS_AT(TCP_OFFLOAD_STATE_CACHED, MaxRT, 32);
TOE_NDIS_AT(TCP_OFFLOAD_STATE_CACHED, FlowLabel, 36);
TOE_NDIS_AT(TCP_OFFLOAD_STATE_CACHED, TtlOrHopLimit, 40);
TOE_NDIS_SIZE(TCP_OFFLOAD_STATE_DELEGATED, 128);
TOE_NDIS_AT(TCP_OFFLOAD_STATE_DELEGATED, State, 8);
TOE_NDIS_AT(TCP_OFFLOAD_STATE_DELEGATED, Flags, 12);
TOE_NDIS_AT(TCP_OFFLOAD_STATE_DELEGATED, RcvNxt, 16);
TOE_NDIS_AT(TCP_OFFLOAD_STATE_DELEGATED, SsThresh, 52);
TOE_NDIS_AT(TCP_OFFLOAD_STATE_DELEGATED, SRtt, 56);
TOE_NDIS_AT(TCP_OFFLOAD_STATE_DELEGATED, RttVar, 58);
TOE_NDIS_AT(TCP_OFFLOAD_STATE_DELEGATED, TsRecent, 60);
TOE_NDIS_AT(TCP_OFFLOAD_STATE_DELEGATED, TsRecentAge, 64);
TOE_NDIS_AT(TCP_OFFLOAD_STATE_DELEGATED, TsTime, 68);
TOE_NDIS_AT(TCP_OFFLOAD_STATE_DELEGATED, TotalRT, 72);
TOE_NDIS_AT(TCP_OFFLOAD_STATE_DELEGATED, DupAckCount, 76);
TOE_NDIS_AT(TCP_OFFLOAD_STATE_DELEGATED, SndWndProbeCount, 77);
TOE_NDIS_AT(TCP_OFFLOAD_STATE_DELEGATED, KeepAlive.ProbeCount, 80);
TOE_NDIS_AT(TCP_OFFLOAD_STATE_DELEGATED, KeepAlive.TimeoutDelta, 84);
TOE_NDIS_AT(TCP_OFFLOAD_STATE_DELEGATED, Retransmit.Count, 88);
TOE_NDIS_AT(TCP_OFFLOAD_STATE_DELEGATED, Retransmit.TimeoutDelta, 92);
TOE_NDIS_AT(TCP_OFFLOAD_STATE_DELEGATED, SendDataHead, 96);
TOE_NDIS_AT(TCP_OFFLOAD_STATE_DELEGATED, SendBacklogSize, 96);
TOE_NDIS_AT(TCP_OFFLOAD_STATE_DELEGATED, SendDataTail, 104);
TOE_NDIS_AT(TCP_OFFLOAD_STATE_DELEGATED, BufferedData, 112);
TOE_NDIS_AT(TCP_OFFLOAD_STATE_DELEGATED, ReceiveBacklogSize, 112);
TOE_NDIS_AT(TCP_OFFLOAD_STATE_DELEGATED, DWnd, 120);

/* The three classes one after another, as they follow a block of the type of all classes. */
typedef struct {
    NEIGHBOR_OFFLOAD_STATE_CONST Const;
    NEIGHBOR_OFFLOAD_STATE_CACHED Cached;
    NEIGHBOR_OFFLOAD_STATE_DELEGATED Delegated;
} TOE_NDIS_NEIGHBOR;

typedef struct {
    PATH_OFFLOAD_STATE_CONST Const;
    PATH_OFFLOAD_STATE_CACHED Cached;
    PATH_OFFLOAD_STATE_DELEGATED Delegated;
} TOE_NDIS_PATH;

typedef struct {
    TCP_OFFLOAD_STATE_CONST Const;
    TCP_OFFLOAD_STATE_CACHED Cached;
    TCP_OFFLOAD_STATE_DELEGATED Delegated;
} TOE_NDIS_TCP;

TOE_NDIS_AT(TOE_NDIS_NEIGHBOR, Cached, 44);
TOE_NDIS_AT(TOE_NDIS_NEIGHBOR, Delegated, 88);
TOE_NDIS_SIZE(TOE_NDIS_NEIGHBOR, 100);
TOE_NDIS_AT(TOE_NDIS_PATH, Cached, 24);
TOE_NDIS_AT(TOE_NDIS_PATH, Delegated, 36);
TOE_NDIS_AT(TOE_NDIS_TCP, Cached, 24);
TOE_NDIS_AT(TOE_NDIS_TCP, Delegated, 72);
TOE_NDIS_SIZE(TOE_NDIS_TCP, 200);

/* Capabilities, parameters, counters */

#define NDIS_OBJECT_TYPE_DEFAULT 0x80
#define NDIS_OBJECT_TYPE_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS 0x8E
#define NDIS_OBJECT_TYPE_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS 0x8F
#define NDIS_OBJECT_TYPE_CLIENT_CHIMNEY_OFFLOAD_CHARACTERISTICS 0x93
#define NDIS_OBJECT_TYPE_PROVIDER_CHIMNEY_OFFLOAD_CHARACTERISTICS 0x94
#define NDIS_OBJECT_TYPE_OFFLOAD_ENCAPSULATION 0xA8
#define NDIS_TCP_CONNECTION_OFFLOAD_REVISION_1 1
#define NDIS_TCP_CONNECTION_OFFLOAD_REVISION_2 2
#define NDIS_OFFLOAD_ENCAPSULATION_REVISION_1 1
#define NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS_REVISION_1 1
#define NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS_REVISION_1 1
#define NDIS_OBJECT_TCP_OFFLOAD_REVISION_1 1

#define NDIS_ENCAPSULATION_NOT_SUPPORTED 0x00
#define NDIS_ENCAPSULATION_NULL 0x01
#define NDIS_ENCAPSULATION_IEEE_802_3 0x02
#define NDIS_ENCAPSULATION_IEEE_802_3_P_AND_Q 0x04
#define NDIS_ENCAPSULATION_IEEE_802_3_P_AND_Q_IN_OOB 0x08
#define NDIS_ENCAPSULATION_IEEE_LLC_SNAP_ROUTED 0x10
#define NDIS_OFFLOAD_NOT_SUPPORTED 0
#define NDIS_OFFLOAD_SUPPORTED 1
#define NDIS_OFFLOAD_SET_NO_CHANGE 0
#define NDIS_OFFLOAD_SET_ON 1
#define NDIS_OFFLOAD_SET_OFF 2

#define OID_TCP4_OFFLOAD_STATS 0xFC010207
#define OID_TCP6_OFFLOAD_STATS 0xFC010208
#define OID_IP4_OFFLOAD_STATS 0xFC010209
#define OID_IP6_OFFLOAD_STATS 0xFC01020A
#define OID_TCP_CONNECTION_OFFLOAD_CURRENT_CONFIG 0xFC01020E
#define OID_TCP_CONNECTION_OFFLOAD_HARDWARE_CAPABILITIES 0xFC01020F
#define OID_TCP_CONNECTION_OFFLOAD_PARAMETERS 0xFC030201

/* Here bit fields are kept: they are all of one unit, and the size needs them. */
typedef struct {
    NDIS_OBJECT_HEADER Header;
    ULONG Encapsulation;
    ULONG SupportIPv4 : 2;
    ULONG SupportIPv6 : 2;
    ULONG SupportIPv6ExtensionHeaders : 2;
    ULONG SupportSack : 2;
    ULONG CongestionAlgorithm : 4;
    ULONG TcpConnectionOffloadCapacity;
    ULONG Flags;
} NDIS_TCP_CONNECTION_OFFLOAD;
TOE_NDIS_SIZE(NDIS_TCP_CONNECTION_OFFLOAD, 20);
TOE_NDIS_AT(NDIS_TCP_CONNECTION_OFFLOAD, TcpConnectionOffloadCapacity, 12);

typedef struct {
    ULONG Enabled;
    ULONG EncapsulationType;
    ULONG HeaderSize;
} NDIS_OFFLOAD_ENCAPSULATION_OF;

typedef struct {
    NDIS_OBJECT_HEADER Header;
    NDIS_OFFLOAD_ENCAPSULATION_OF IPv4;
    NDIS_OFFLOAD_ENCAPSULATION_OF IPv6;
} NDIS_OFFLOAD_ENCAPSULATION;
TOE_NDIS_SIZE(NDIS_OFFLOAD_ENCAPSULATION, 28);

typedef struct {
    NDIS_OBJECT_HEADER Header;
    NDIS_OFFLOAD_ENCAPSULATION Encapsulation;
    ULONG TicksPerSecond;
    UCHAR TcpAckFrequency;
    UCHAR TcpDelayedAckTicks;
    UCHAR TcpMaximumRetransmissions;
    UCHAR TcpDoubtReachabilityRetransmissions;
    ULONG TcpSwsPreventionTicks;
    ULONG TcpDuplicateAckThreshold;
    ULONG TcpPushTicks;
    ULONG NceStaleTicks;
    ULONG CongestionAlgorithm; /* reserved, since revision 2 */
} NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS;
TOE_NDIS_SIZE(NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS, 60);
TOE_NDIS_AT(NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS, CongestionAlgorithm, 56);

typedef struct {
    ULONG64 InReceives;
    ULONG64 InOctets;
    ULONG64 InDelivers;
    ULONG64 OutRequests;
    ULONG64 OutOctets;
    ULONG InHeaderErrors;
    ULONG InTruncatedPackets;
    ULONG InDiscards;
    ULONG OutDiscards;
    ULONG OutNoRoutes;
} IP_OFFLOAD_STATS;
TOE_NDIS_SIZE(IP_OFFLOAD_STATS, 64);

typedef struct {
    ULONG64 InSegments;
    ULONG64 OutSegments;
    ULONG CurrentlyEstablished;
    ULONG ResetEstablished;
    ULONG RetransmittedSegments;
    ULONG InErrors;
    ULONG OutResets;
} TCP_OFFLOAD_STATS;
TOE_NDIS_SIZE(TCP_OFFLOAD_STATS, 40);

/* Functions. |MiniportOffloadContext| of a data operation is the address of the token's cell. */

typedef void (*W_INITIATE_OFFLOAD_HANDLER)(NDIS_HANDLE adapter,
                                           PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST list);
typedef W_INITIATE_OFFLOAD_HANDLER W_TERMINATE_OFFLOAD_HANDLER, W_UPDATE_OFFLOAD_HANDLER,
    W_INVALIDATE_OFFLOAD_HANDLER, W_QUERY_OFFLOAD_HANDLER;
typedef NDIS_STATUS (*W_TCP_OFFLOAD_SEND_HANDLER)(NDIS_HANDLE adapter, PVOID MiniportOffloadContext,
                                                  PNET_BUFFER_LIST chain);
typedef W_TCP_OFFLOAD_SEND_HANDLER W_TCP_OFFLOAD_RECEIVE_HANDLER, W_TCP_OFFLOAD_FORWARD_HANDLER;
typedef NDIS_STATUS (*W_TCP_OFFLOAD_DISCONNECT_HANDLER)(NDIS_HANDLE adapter,
                                                        PVOID MiniportOffloadContext,
                                                        PNET_BUFFER_LIST nbl, ULONG flags);
typedef NDIS_STATUS (*W_TCP_OFFLOAD_RECEIVE_RETURN_HANDLER)(NDIS_HANDLE adapter,
                                                            PNET_BUFFER_LIST chain);

typedef void (*INITIATE_OFFLOAD_COMPLETE_HANDLER)(NDIS_HANDLE handle,
                                                  PNDIS_PROTOCOL_OFFLOAD_BLOCK_LIST list);
typedef INITIATE_OFFLOAD_COMPLETE_HANDLER TERMINATE_OFFLOAD_COMPLETE_HANDLER,
    UPDATE_OFFLOAD_COMPLETE_HANDLER, QUERY_OFFLOAD_COMPLETE_HANDLER,
    INVALIDATE_OFFLOAD_COMPLETE_HANDLER;
typedef void (*INDICATE_OFFLOAD_EVENT_HANDLER)(NDIS_HANDLE handle,
                                               PNDIS_PROTOCOL_OFFLOAD_BLOCK_LIST list, ULONG event);
typedef void (*NDIS_TCP_OFFLOAD_SEND_COMPLETE)(NDIS_HANDLE handle, PNET_BUFFER_LIST chain);
typedef NDIS_TCP_OFFLOAD_SEND_COMPLETE NDIS_TCP_OFFLOAD_RECEIVE_COMPLETE,
    NDIS_TCP_OFFLOAD_DISCONNECT_COMPLETE, NDIS_TCP_OFFLOAD_FORWARD_COMPLETE;
typedef void (*NDIS_TCP_OFFLOAD_EVENT_INDICATE)(NDIS_HANDLE NdisOffloadHandle, ULONG EventType,
                                                ULONG EventSpecificInformation);
typedef NDIS_STATUS (*NDIS_TCP_OFFLOAD_RECEIVE_INDICATE)(NDIS_HANDLE NdisOffloadHandle,
                                                         PNET_BUFFER_LIST nbl, NDIS_STATUS status,
                                                         PULONG BytesConsumed);

typedef struct {
    NDIS_OBJECT_HEADER Header;
    W_INITIATE_OFFLOAD_HANDLER InitiateOffloadHandler;
    W_TERMINATE_OFFLOAD_HANDLER TerminateOffloadHandler;
    W_UPDATE_OFFLOAD_HANDLER UpdateOffloadHandler;
    W_INVALIDATE_OFFLOAD_HANDLER InvalidateOffloadHandler;
    W_QUERY_OFFLOAD_HANDLER QueryOffloadHandler;
} NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS;

typedef struct {
    NDIS_OBJECT_HEADER Header;
    NDIS_CHIMNEY_OFFLOAD_TYPE OffloadType;
    W_TCP_OFFLOAD_SEND_HANDLER TcpOffloadSendHandler;
    W_TCP_OFFLOAD_RECEIVE_HANDLER TcpOffloadReceiveHandler;
    W_TCP_OFFLOAD_DISCONNECT_HANDLER TcpOffloadDisconnectHandler;
    W_TCP_OFFLOAD_FORWARD_HANDLER TcpOffloadForwardHandler;
    W_TCP_OFFLOAD_RECEIVE_RETURN_HANDLER TcpOffloadReceiveReturnHandler;
} NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS;

typedef struct {
    NDIS_OBJECT_HEADER Header;
    INITIATE_OFFLOAD_COMPLETE_HANDLER InitiateOffloadCompleteHandler;
    TERMINATE_OFFLOAD_COMPLETE_HANDLER TerminateOffloadCompleteHandler;
    UPDATE_OFFLOAD_COMPLETE_HANDLER UpdateOffloadCompleteHandler;
    INVALIDATE_OFFLOAD_COMPLETE_HANDLER InvalidateOffloadCompleteHandler;
    QUERY_OFFLOAD_COMPLETE_HANDLER QueryOffloadCompleteHandler;
    INDICATE_OFFLOAD_EVENT_HANDLER IndicateOffloadEventHandler;
} NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS;

typedef struct {
    NDIS_OBJECT_HEADER Header;
    NDIS_CHIMNEY_OFFLOAD_TYPE OffloadType;
    NDIS_TCP_OFFLOAD_SEND_COMPLETE TcpOffloadSendCompleteHandler;
    NDIS_TCP_OFFLOAD_RECEIVE_COMPLETE TcpOffloadReceiveCompleteHandler;
    NDIS_TCP_OFFLOAD_DISCONNECT_COMPLETE TcpOffloadDisconnectCompleteHandler;
    NDIS_TCP_OFFLOAD_FORWARD_COMPLETE TcpOffloadForwardCompleteHandler;
    NDIS_TCP_OFFLOAD_EVENT_INDICATE TcpOffloadEventHandler;
    NDIS_TCP_OFFLOAD_RECEIVE_INDICATE TcpOffloadReceiveIndicateHandler;
} NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS;

/* What a miniport gets from NdisMGetOffloadHandlers(): the same six, in another order (IOS-041). */
typedef struct {
    NDIS_OBJECT_HEADER Header; /* Type: NDIS_CHIMNEY_OFFLOAD_TYPE */
    NDIS_TCP_OFFLOAD_EVENT_INDICATE NdisTcpOffloadEventHandler;
    NDIS_TCP_OFFLOAD_RECEIVE_INDICATE NdisTcpOffloadReceiveHandler;
    NDIS_TCP_OFFLOAD_SEND_COMPLETE NdisTcpOffloadSendComplete;
    NDIS_TCP_OFFLOAD_RECEIVE_COMPLETE NdisTcpOffloadReceiveComplete;
    NDIS_TCP_OFFLOAD_DISCONNECT_COMPLETE NdisTcpOffloadDisconnectComplete;
    NDIS_TCP_OFFLOAD_FORWARD_COMPLETE NdisTcpOffloadForwardComplete;
} NDIS_TCP_OFFLOAD_EVENT_HANDLERS;
TOE_NDIS_SIZE(NDIS_TCP_OFFLOAD_EVENT_HANDLERS, 56);

#ifdef __cplusplus
}
#endif

#endif
