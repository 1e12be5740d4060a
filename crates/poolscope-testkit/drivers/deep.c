// Four levels of wrappers, tables of operations, recursion, variable arguments, arrays.
// tag Dee1 wrapper|passed
// tag Dee2 wrapper|passed
// tag Dee3 wrapper|passed
// tag Dee4 wrapper|passed
// tag Dee5 passed|wrapper
// tag Dee6 passed|wrapper
// tag Dee7 passed|wrapper
// tag Dee8 passed|wrapper
// tag Dee9 wrapper|passed|immediate
// freed DeeF
// decoy Deco
#include "kernel.h"
GLOBALS
typedef struct { PVOID (*alloc)(PVOID self, SIZE_T n, ULONG tag); void (*free)(PVOID p, ULONG tag); } ops_t;
static NOINLINE PVOID l4(ULONG tag, SIZE_T n) { return FltAllocatePoolAlignedWithTag(0, 1, n, tag); }
static NOINLINE PVOID l3(SIZE_T n, ULONG flags, ULONG tag) { PVOID p = l4(tag, n + flags); if (!p) DbgPrint("x"); return p; }
static NOINLINE PVOID l2(ULONG tag, SIZE_T n) { PVOID p = l3(n, 3, tag); KEEP(p); return p; }
static NOINLINE PVOID l1(SIZE_T n, ULONG tag) { PVOID p = l2(tag, n * 2); KEEP(p); return p; }
static PVOID op_alloc(PVOID self, SIZE_T n, ULONG tag) { KEEP(self); return ExAllocatePoolWithTag(1, n, tag); }
static void op_free(PVOID p, ULONG tag) { ExFreePoolWithTag(p, tag); }
static const ops_t ops = { op_alloc, op_free };
static const ops_t *volatile g_ops;
static NOINLINE int recurse(int n, ULONG tag) { if (n <= 0) { KEEP(ExAllocatePoolWithTag(0, 3, tag)); return 0; } KEEP(g_n); return recurse(n - 1, tag) + 1; }
static NOINLINE PVOID vararg_like(int k, ...) { __builtin_va_list l; ULONG t; PVOID p; __builtin_va_start(l, k); t = __builtin_va_arg(l, ULONG); p = ExAllocatePoolWithTag(0, k, t); __builtin_va_end(l); return p; }
static NOINLINE ULONG make(char a, char b, char c, char d) { return TAG(a, b, c, d); }
static struct { ULONG tags[4]; } book;
NTSTATUS CALLED DriverEntry(PVOID driver, UNICODE_STRING *path) {
    volatile ULONG x = TAG('D','e','e','5');
    ULONG local[3] = { TAG('D','e','e','6'), TAG('D','e','e','7'), TAG('D','e','c','o') };
    g_ops = &ops;
    KEEP(l1(g_n, TAG('D','e','e','1')));
    KEEP(l3(g_n, 1, TAG('D','e','e','2')));
    KEEP(recurse((int)g_n, TAG('D','e','e','3')));
    KEEP(vararg_like((int)g_n, TAG('D','e','e','4')));
    KEEP(ExAllocatePoolWithTag(0, 3, x));
    KEEP(ExAllocatePoolWithTag(0, 3, local[g_n & 1]));
    book.tags[2] = TAG('D','e','e','8');
    KEEP(ExAllocatePoolWithTag(0, 3, book.tags[2]));
    KEEP(g_ops->alloc(driver, 3, TAG('D','e','e','9')));
    op_free(g_sink[1], TAG('D','e','e','F'));
    KEEP((SIZE_T)local[2]);
    return 0;
}
