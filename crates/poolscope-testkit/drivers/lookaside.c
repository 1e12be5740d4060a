// Tags handed to lookaside list initialisers.
// tag Loo1 passed
// tag Loo2 passed
// tag Loo3 passed
// tag Loo4 passed
// tag LooW wrapper|passed
#include "kernel.h"
GLOBALS
static UCHAR lists[5][256];
static NOINLINE NTSTATUS make(PVOID list, SIZE_T bytes, ULONG tag) {
    if (bytes < 8) return -1;
    return ExInitializeLookasideListEx(list, 0, 0, 512, 0, bytes, tag, 0);
}
NTSTATUS CALLED DriverEntry(PVOID driver, UNICODE_STRING *path) {
    ExInitializeNPagedLookasideList(lists[0], 0, 0, 0, 128, TAG('L','o','o','1'), 0);
    ExInitializePagedLookasideList(lists[1], 0, 0, 0, g_n, TAG('L','o','o','2'), 0);
    if (ExInitializeLookasideListEx(lists[2], 0, 0, 512, 0, g_n, TAG('L','o','o','3'), 0) < 0) return -1;
    NdisInitializeNPagedLookasideList(lists[3], 0, 0, 0, 64, TAG('L','o','o','4'), 0);
    return make(lists[4], g_n, TAG('L','o','o','W'));
}
