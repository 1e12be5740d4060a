// Tags kept in variables.
// tag Var1 passed
// tag Var2 passed
// tag Var3 passed
// tag VarW wrapper|passed
#include "kernel.h"
GLOBALS
static volatile ULONG fixed = TAG('V','a','r','1');
static ULONG chosen;
static struct { ULONG a, tag; } *where;
static struct { ULONG a, tag; } place = { 1, TAG('V','a','r','3') };
static volatile ULONG wrapped = TAG('V','a','r','W');
static NOINLINE PVOID own(SIZE_T bytes, ULONG tag) { return ExAllocatePool2(64, bytes, tag); }
static NOINLINE PVOID a(void) { return ExAllocatePoolWithTag(0, 1, fixed); }
static NOINLINE PVOID b(void) { return ExAllocatePoolWithTag(0, 2, chosen); }
static NOINLINE PVOID c(void) { return ExAllocatePoolWithTag(0, 3, where->tag); }
NTSTATUS CALLED DriverEntry(PVOID driver, UNICODE_STRING *path) {
    if (g_n > 4) chosen = TAG('V','a','r','2');
    where = (void *)(g_n == 77 ? (void *)driver : (void *)&place);
    place.a = (ULONG)g_n;
    KEEP(a());
    KEEP(b());
    KEEP(c());
    KEEP(own(5, wrapped));
    return 0;
}
