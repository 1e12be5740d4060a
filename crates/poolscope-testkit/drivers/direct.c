// Tags as constants at the allocator's own call.
// tag Dir1 passed
// tag Dir2 passed
// tag Dir3 passed
// tag DirQ passed
// tag DirP passed
// tag DirN passed
// tag DirO passed
// tag DirG passed
// tag DirF passed
// tag DirM passed
// tag Dab\x00 passed
// freed Only
#include "kernel.h"
GLOBALS
NTSTATUS CALLED DriverEntry(PVOID driver, UNICODE_STRING *path) {
    PVOID p = ExAllocatePoolWithTag(0, 100, TAG('D','i','r','1'));
    KEEP(p);
    KEEP(ExAllocatePool2(0x40, g_n, TAG('D','i','r','2')));
    KEEP(ExAllocatePool3(0x40, g_n, TAG('D','i','r','3'), 0, 0));
    KEEP(ExAllocatePoolWithQuotaTag(1, 32, TAG('D','i','r','Q')));
    KEEP(ExAllocatePoolWithTagPriority(1, 32, TAG('D','i','r','P'), 16));
    if (NdisAllocateMemoryWithTag((PVOID *)&g_sink[1], 64, TAG('D','i','r','N')) == 0)
        KEEP(NdisAllocateMemoryWithTagPriority(driver, 64, TAG('D','i','r','O'), 0));
    KEEP(NdisAllocateGenericObject(driver, TAG('D','i','r','G'), 12));
    KEEP(FltAllocatePoolAlignedWithTag(path, 0, 8, TAG('D','i','r','F')));
    KEEP(MmAllocateMappingAddress(4096, TAG('D','i','r','M')));
    KEEP(ExAllocatePoolWithTag(0, 9, TAG('D','a','b',0)));
    ExFreePoolWithTag(g_sink[3], TAG('O','n','l','y'));
    ExFreePoolWithTag(p, TAG('D','i','r','1'));
    DbgPrint("done %d\n", 3);
    return 0;
}
