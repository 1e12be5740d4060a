// Tags in the parameter structures of allocators, and in structures of the driver's own.
// tag Nbl1 parameter
// tag Nbl2 parameter
// tag Nbl3 parameter
// tag Nbl4 parameter
// tag NbPo parameter
// tag FltS parameter
// tag FltF parameter
// tag Glob passed
// tag Heap passed|wrapper|immediate
#include "kernel.h"
GLOBALS
struct nbl_parameters { UCHAR type, revision; USHORT size; UCHAR protocol, has_buffer; USHORT context; ULONG tag, data, flags; };
struct nb_parameters { UCHAR type, revision; USHORT size; ULONG tag, data; };
struct context_registration { USHORT type, flags; PVOID cleanup; SIZE_T size; ULONG tag; PVOID allocate, release, reserved; };
struct registration { USHORT size, version; ULONG flags; const struct context_registration *contexts; PVOID operations, unload; };
static const struct context_registration contexts[] = {
    { 2, 0, 0, 100, TAG('F','l','t','S'), 0, 0, 0 },
    { 8, 0, 0, 200, TAG('F','l','t','F'), 0, 0, 0 },
    { 0xffff, 0, 0, 0, 0, 0, 0, 0 } };
static const struct registration registration = { sizeof registration, 0x203, 0, contexts, 0, 0 };
static const struct nbl_parameters template = { 0x80, 1, sizeof template, 0, 1, 0, TAG('N','b','l','2'), 1500, 0 };
static struct { int kind; ULONG tag; SIZE_T bytes; } settings = { 1, TAG('G','l','o','b'), 64 };
static NOINLINE void prepare(struct nbl_parameters *p, ULONG tag) {
    p->type = 0x80; p->revision = 1; p->size = sizeof *p;
    p->protocol = 0; p->has_buffer = 1; p->context = 0;
    p->tag = tag; p->data = (ULONG)g_n; p->flags = 0;
}
struct extension { PVOID self; ULONG flags; ULONG tag; };
static NOINLINE void init(struct extension *e) { e->self = e; e->flags = 3; e->tag = TAG('H','e','a','p'); }
static NOINLINE PVOID grow(struct extension *e, SIZE_T n) { return ExAllocatePoolWithTag(0, n, e->tag); }
NTSTATUS CALLED DriverEntry(PVOID driver, UNICODE_STRING *path) {
    struct nbl_parameters p = {0}, q, r, s;
    struct nb_parameters b;
    struct extension *e = ExAllocatePool(0, sizeof *e);
    p.type = 0x80; p.revision = 1; p.size = sizeof p; p.has_buffer = 1;
    p.tag = TAG('N','b','l','1'); p.data = (ULONG)g_n;
    KEEP(NdisAllocateNetBufferListPool(driver, &p));
    q = template;
    q.data = (ULONG)g_n;
    KEEP(NdisAllocateNetBufferListPool(driver, &q));
    prepare(&r, TAG('N','b','l','3'));
    KEEP(NdisAllocateNetBufferListPool(driver, &r));
    __builtin_memset(&s, 0, sizeof s);
    s.size = sizeof s; s.tag = TAG('N','b','l','4');
    KEEP(NdisAllocateNetBufferListPool(driver, &s));
    b.type = 0x80; b.revision = 1; b.size = sizeof b; b.tag = TAG('N','b','P','o'); b.data = 0;
    KEEP(NdisAllocateNetBufferPool(driver, &b));
    KEEP(FltRegisterFilter(driver, &registration, (PVOID *)&g_sink[5]));
    settings.bytes = g_n;
    KEEP(ExAllocatePoolWithTag(settings.kind, settings.bytes, settings.tag));
    if (e) { init(e); KEEP(grow(e, g_n)); }
    return 0;
}
