/* SPDX-License-Identifier: MIT */
#include "lwip_node.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include <lwip/etharp.h>
#include <lwip/ethip6.h>
#include <lwip/init.h>
#include <lwip/netif.h>
#include <lwip/sys.h>
#include <lwip/timeouts.h>
#include <netif/ethernet.h>

enum { BATCH = 64 };

struct emu_lwip {
    struct emu_lwip_settings settings;
    struct netif netif;
    uint8_t out[UINT16_MAX]; /* a frame that lwIP has in pieces */
};

/* lwIP has no place for a clock but this. */
static toe_instant clock_now;

/* Instead of the library's own, for which it is looked up first: the executable comes before. */
__attribute__((visibility("default"))) u32_t sys_now(void)
{
    return (u32_t)(clock_now / TOE_NS_PER_MS);
}

/* --- what has namesakes --- */

static struct {
    void (*abort)(struct tcp_pcb *pcb);
    err_t (*close)(struct tcp_pcb *pcb);
    err_t (*output)(struct tcp_pcb *pcb);
} lwip;

/* Finds them where the dynamic linker does, to which libtoe's own are invisible. */
static bool find_namesakes(void)
{
    *(void **)&lwip.abort = dlsym(RTLD_DEFAULT, "tcp_abort");
    *(void **)&lwip.close = dlsym(RTLD_DEFAULT, "tcp_close");
    *(void **)&lwip.output = dlsym(RTLD_DEFAULT, "tcp_output");
    return lwip.abort != NULL && lwip.close != NULL && lwip.output != NULL;
}

void emu_lwip_abort(struct tcp_pcb *pcb)
{
    lwip.abort(pcb);
}

err_t emu_lwip_close(struct tcp_pcb *pcb)
{
    return lwip.close(pcb);
}

err_t emu_lwip_output(struct tcp_pcb *pcb)
{
    return lwip.output(pcb);
}

/* --- the interface, as lwIP sees it --- */

static err_t link_output(struct netif *netif, struct pbuf *p)
{
    struct emu_lwip *node = netif->state;
    struct toe_frame frame = {.data = p->payload, .len = p->tot_len};

    if (p->next != NULL) {
        (void)pbuf_copy_partial(p, node->out, p->tot_len, 0);
        frame.data = node->out;
    }
    node->settings.wire->transmit(node->settings.wire_user, &frame, 1);
    return ERR_OK;
}

static err_t init_netif(struct netif *netif)
{
    const struct emu_lwip *node = netif->state;

    netif->name[0] = 't';
    netif->name[1] = 'o';
    netif->mtu = node->settings.mtu;
    netif->hwaddr_len = TOE_MAC_LEN;
    memcpy(netif->hwaddr, node->settings.mac, TOE_MAC_LEN);
    netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_MLD6;
    netif->output = etharp_output;
    netif->output_ip6 = ethip6_output;
    netif->linkoutput = link_output;
    return ERR_OK;
}

static void set_address6(struct netif *netif, const struct toe_addr *addr)
{
    ip6_addr_t ip6 = {0};

    memcpy(ip6.addr, addr->bytes, 16);
    netif_ip6_addr_set(netif, 0, &ip6);
    /* Not tentative: nobody else has it, and nothing is to wait for that to be found out. */
    netif_ip6_addr_set_state(netif, 0, IP6_ADDR_PREFERRED);
}

/* --- running --- */

static void input(struct emu_lwip *node, const struct toe_frame *frame)
{
    /* Not of the pool: where Debian's 2.1.3 allocates one it takes less room than it then uses. */
    struct pbuf *p = pbuf_alloc(PBUF_RAW, (u16_t)frame->len, PBUF_RAM);

    if (p == NULL) {
        return;
    }
    if (pbuf_take(p, frame->data, (u16_t)frame->len) != ERR_OK ||
        node->netif.input(p, &node->netif) != ERR_OK) {
        (void)pbuf_free(p);
    }
}

void emu_lwip_run(struct emu_lwip *node, toe_instant now)
{
    struct toe_frame frames[BATCH];
    uint32_t cnt;

    clock_now = now;
    while ((cnt = node->settings.wire->receive(node->settings.wire_user, frames, BATCH)) > 0) {
        for (uint32_t i = 0; i < cnt; ++i) {
            input(node, &frames[i]);
        }
    }
    sys_check_timeouts();
}

toe_instant emu_lwip_deadline(const struct emu_lwip *node)
{
    const u32_t wait = sys_timeouts_sleeptime();

    (void)node;
    return wait == SYS_TIMEOUTS_SLEEPTIME_INFINITE
               ? TOE_INSTANT_NEVER
               : (clock_now / TOE_NS_PER_MS + wait) * TOE_NS_PER_MS;
}

struct netif *emu_lwip_netif(struct emu_lwip *node)
{
    return &node->netif;
}

/* --- life --- */

static bool add_netif(struct emu_lwip *node)
{
    const struct toe_addr *addr = node->settings.address;
    ip4_addr_t ip4 = {0};
    ip4_addr_t mask = {0};
    const ip4_addr_t none = {0};

    if (addr[0].family != 0) {
        memcpy(&ip4.addr, addr[0].bytes, sizeof(ip4.addr));
        mask.addr = lwip_htonl(~(UINT32_MAX >> node->settings.prefix_len));
    }
    if (netif_add(&node->netif, &ip4, &mask, &none, node, init_netif, ethernet_input) == NULL) {
        return false;
    }
    if (addr[1].family != 0) {
        set_address6(&node->netif, &addr[1]);
    }
    netif_set_link_up(&node->netif);
    netif_set_up(&node->netif);
    return true;
}

struct emu_lwip *emu_lwip_new(const struct emu_lwip_settings *settings)
{
    static bool is_up;
    struct emu_lwip *node = calloc(1, sizeof(*node));

    if (node == NULL) {
        return NULL;
    }
    node->settings = *settings;
    if (!is_up && !find_namesakes()) {
        free(node);
        return NULL;
    }
    if (!is_up) {
        srand(settings->seed);
        lwip_init();
        is_up = true;
    }
    if (!add_netif(node)) {
        free(node);
        return NULL;
    }
    return node;
}

void emu_lwip_del(struct emu_lwip *node)
{
    if (node != NULL) {
        netif_remove(&node->netif);
        free(node);
    }
}
