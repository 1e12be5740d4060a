// Four-character words that are no tags of this driver, beside one that is.
// tag Real passed
// decoy Even
// decoy Proc
// decoy Sect
// decoy Sign
// decoy RefT
// decoy Size
// decoy Unus
// decoy Mbox
#include "kernel.h"
GLOBALS
struct header { ULONG signature; ULONG size; };
static NOINLINE PVOID ignores(SIZE_T bytes, ULONG not_used) {
    KEEP((SIZE_T)not_used);
    return ExAllocatePoolWithTag(0, bytes, TAG('R','e','a','l'));
}
static NOINLINE int check(struct header *h) {
    if (h->signature == TAG('P','r','o','c')) return 1;
    if (h->signature != TAG('S','i','g','n')) return 2;
    h->signature = TAG('M','b','o','x');
    return 0;
}
NTSTATUS CALLED DriverEntry(PVOID driver, UNICODE_STRING *path) {
    struct header *h = ignores(64, TAG('U','n','u','s'));
    if (!h) return -1;
    h->signature = TAG('S','e','c','t');
    DbgPrint("Even %s List Time Driv\n", "Even");
    KEEP((SIZE_T)check(h));
    ObReferenceObjectWithTag(driver, TAG('R','e','f','T'));
    KEEP(ExAllocatePool(0, TAG('S','i','z','e')));
    return 0;
}
