// Tags through the driver's own functions: one to three levels, shuffled parameters, a structure, a default.
// tag Wra1 wrapper
// tag Wra2 wrapper
// tag Wra3 wrapper
// tag WraS wrapper
// tag WraC wrapper
// tag WraD wrapper|passed
// tag WraE wrapper
// tag WraT wrapper|passed
// freed WrFr
#include "kernel.h"
GLOBALS
struct config { ULONG flags; ULONG tag; SIZE_T bytes; };
static NOINLINE PVOID one(SIZE_T bytes, ULONG tag) {
    PVOID p = ExAllocatePoolWithTag(0, bytes, tag);
    if (p) DbgPrint("%p\n", p);
    return p;
}
static NOINLINE PVOID two(ULONG tag, SIZE_T count, SIZE_T size) {
    if (count > 100) return 0;
    return one(count * size + 8, tag);
}
static NOINLINE PVOID three(int a, int b, int c, int d, SIZE_T n, ULONG tag) {
    PVOID p = two(tag, n + a + b + c + d, 4);
    KEEP(p);
    return p;
}
static NOINLINE PVOID from_config(struct config *c) {
    if (!c->bytes) return 0;
    return ExAllocatePoolWithTag((int)c->flags, c->bytes, c->tag);
}
static NOINLINE PVOID with_default(SIZE_T bytes, ULONG tag) {
    if (!tag) tag = TAG('W','r','a','D');
    return ExAllocatePool2(64, bytes, tag);
}
static NOINLINE PVOID tail(SIZE_T bytes) { return one(bytes, TAG('W','r','a','T')); }
static NOINLINE void release(ULONG tag, PVOID p) { if (p) ExFreePoolWithTag(p, tag); }
NTSTATUS CALLED DriverEntry(PVOID driver, UNICODE_STRING *path) {
    struct config c;
    KEEP(one(g_n, TAG('W','r','a','1')));
    KEEP(two(TAG('W','r','a','2'), g_n, 16));
    KEEP(three(1, 2, 3, 4, g_n, TAG('W','r','a','3')));
    c.flags = 1;
    c.tag = TAG('W','r','a','S');
    c.bytes = g_n;
    KEEP(from_config(&c));
    c.tag = TAG('W','r','a','C');
    KEEP(from_config(&c));
    KEEP(with_default(g_n, 0));
    KEEP(with_default(g_n, TAG('W','r','a','E')));
    KEEP(tail(g_n));
    release(TAG('W','r','F','r'), (PVOID)g_sink[2]);
    return 0;
}
