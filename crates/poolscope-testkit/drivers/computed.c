// Tags that no four bytes of the file spell.
// tag CmpX passed
// tag CmpB passed
// tag CmpS passed
// tag Cn00 passed
// tag Cn01 passed
// tag Cn02 passed
#include "kernel.h"
GLOBALS
static NOINLINE void *by_xor(volatile ULONG *key) {
    ULONG hidden = TAG('C','m','p','X') ^ 0x5a5a5a5a;
    *key = hidden;
    __asm__ volatile("" : "+r"(hidden));
    return 0;
}
static NOINLINE ULONG unmask(void) {
    volatile ULONG hidden = TAG('C','m','p','X') ^ 0x5a5a5a5a;
    return hidden ^ 0x5a5a5a5a;
}
NTSTATUS CALLED DriverEntry(PVOID driver, UNICODE_STRING *path) {
    volatile UCHAR text[4];
    volatile ULONG swapped = TAG('S','p','m','C');
    ULONG tag;
    int i;
    KEEP(by_xor((volatile ULONG *)&g_sink[4]));
    KEEP(ExAllocatePoolWithTag(0, 8, unmask()));
    text[0] = 'C'; text[1] = 'm'; text[2] = 'p'; text[3] = 'B';
    tag = text[0] | (text[1] << 8) | (text[2] << 16) | ((ULONG)text[3] << 24);
    KEEP(ExAllocatePoolWithTag(0, 8, tag));
    tag = __builtin_bswap32(swapped);
    KEEP(ExAllocatePoolWithTag(0, 8, tag));
    for (i = 0; i < 3; i++)
        KEEP(ExAllocatePoolWithTag(0, 8, TAG('C','n','0','0') + ((ULONG)i << 24)));
    return 0;
}
