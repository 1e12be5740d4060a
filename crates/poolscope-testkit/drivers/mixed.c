// A bit of everything that drivers do: structures passed down, retries, functions passed as arguments, loops.
// tag Mix1 passed
// tag Mix2 wrapper|passed
// tag Mix3 wrapper|passed
// tag Mix4 passed
// tag Mix5 passed|wrapper
// tag Mix6 passed|wrapper
// tag Mix7 passed|wrapper
// tag Mix8 wrapper|passed
// tag Mix9 passed
// tag MixA passed|wrapper
// tag MixB passed|wrapper
// tag MixC wrapper|passed
// tag MixD wrapper|passed
// tag MixE wrapper|passed
// tag MixF wrapper|passed
// tag MixG passed|wrapper
// tag MixH passed|wrapper
// decoy MixZ
#include "kernel.h"
GLOBALS
struct ctx { PVOID a; ULONG tag; ULONG other; struct { ULONG x, tag2; } in; };
struct req { int type; SIZE_T n; ULONG tag; PVOID out; };
static struct ctx g_ctx;
static NOINLINE PVOID w1(SIZE_T n, ULONG tag) { PVOID p = ExAllocatePool2(64, n, tag); if (p) { __builtin_memset(p, 0, n); } return p; }
static NOINLINE int process(struct req *r) {
    r->out = ExAllocatePoolWithTag(r->type, r->n, r->tag);
    return r->out ? 0 : -1;
}
static NOINLINE PVOID via_req(SIZE_T n, ULONG tag) { struct req r = { 1, n, tag, 0 }; if (process(&r)) return 0; return r.out; }
static NOINLINE PVOID from_ctx(struct ctx *c, int second) { return w1(100, second ? c->in.tag2 : c->tag); }
static NOINLINE void setup(struct ctx *c) { c->tag = TAG('M','i','x','5'); c->in.tag2 = TAG('M','i','x','6'); c->other = TAG('M','i','x','Z'); }
static NOINLINE PVOID retry(SIZE_T n, ULONG tag) {
    int tries;
    for (tries = 0; tries < 5; tries++) { PVOID p = ExAllocatePoolWithQuotaTag(1, n, tag); if (p) return p; DbgPrint("again\n"); }
    return 0;
}
static NOINLINE ULONG pick(int paged) { return paged ? TAG('M','i','x','A') : TAG('M','i','x','B'); }
typedef PVOID (*fn)(SIZE_T, ULONG);
static NOINLINE PVOID apply(fn f, SIZE_T n, ULONG t) { return f(n, t); }
static NOINLINE int out_tag(ULONG *t, int k) { if (k == 3) { *t = TAG('M','i','x','G'); return 0; } *t = TAG('M','i','x','H'); return 1; }
static const struct { const char *name; ULONG tag; SIZE_T n; } table[] = { {"one", TAG('M','i','x','C'), 1}, {"two", TAG('M','i','x','D'), 2}, {"three", TAG('M','i','x','E'), 3} };
static NOINLINE void init_all(void) { SIZE_T i; for (i = 0; i < sizeof table / sizeof table[0]; i++) { g_sink[i] = w1(table[i].n, table[i].tag); DbgPrint("%s", table[i].name); } }
NTSTATUS CALLED DriverEntry(PVOID driver, UNICODE_STRING *path) {
    struct ctx c; ULONG t = 0; int i;
    PVOID arr[4];
    arr[0] = ExAllocatePoolWithTag(1, 0x100, TAG('M','i','x','1'));
    arr[1] = w1(g_n, TAG('M','i','x','2'));
    arr[2] = via_req(g_n, TAG('M','i','x','3'));
    for (i = 0; i < 3; i++) KEEP(arr[i]);
    do { KEEP(ExAllocatePoolWithTag(0, g_n + i, TAG('M','i','x','4'))); } while (--i > 0);
    setup(&c); KEEP(from_ctx(&c, (int)g_n));
    setup(&g_ctx); KEEP(from_ctx(&g_ctx, 0));
    KEEP(retry(55, TAG('M','i','x','7')));
    KEEP(apply(w1, 5, TAG('M','i','x','8')));
    if (g_n == 1 || (g_n == 2 && driver)) { PVOID p = ExAllocatePoolWithTagPriority(0, 4, TAG('M','i','x','9'), 0); if (!p) goto fail; KEEP(p); }
    KEEP(ExAllocatePoolWithTag((int)g_n, 8, pick((int)g_n)));
    init_all();
    KEEP(g_n > 100 ? w1(8, TAG('M','i','x','F')) : (PVOID)0);
    out_tag(&t, (int)g_n); KEEP(ExAllocatePoolWithTag(0, 1, t));
    return 0;
fail:
    DbgPrint("no %x\n", TAG('M','i','x','Z'));
    return -1;
}
