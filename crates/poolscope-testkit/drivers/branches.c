// Tags chosen by conditions, switches, tables and loops.
// tag BrA1 passed
// tag BrA2 passed
// tag BrB1 passed
// tag BrB2 passed
// tag Swi0 passed
// tag Swi1 passed
// tag Swi2 passed
// tag Swi3 passed
// tag Swi4 passed
// tag SwiD passed
// tag Tab0 passed
// tag Tab1 passed
// tag Tab2 passed
// tag Tab3 passed
// tag Idx0 passed
// tag Idx1 passed
// tag Idx2 passed
// tag Fun0 passed|wrapper
// tag Fun1 passed|wrapper
// tag Fun2 passed|wrapper
#include "kernel.h"
GLOBALS
static const ULONG tags[4] = { TAG('T','a','b','0'), TAG('T','a','b','1'), TAG('T','a','b','2'), TAG('T','a','b','3') };
static const char after_table[] = "Even this Text follows the table: List Time Proc";
static const struct { SIZE_T bytes; ULONG tag; } kinds[3] = {
    { 16, TAG('I','d','x','0') }, { 64, TAG('I','d','x','1') }, { 256, TAG('I','d','x','2') } };
static NOINLINE void branch(int which) {
    ULONG tag;
    if (which & 4) { tag = TAG('B','r','A','1'); DbgPrint("first\n"); }
    else tag = TAG('B','r','A','2');
    KEEP(ExAllocatePoolWithTag(0, 10, tag));
    KEEP(ExAllocatePoolWithTag(1, 10, which > 7 ? TAG('B','r','B','1') : TAG('B','r','B','2')));
}
static NOINLINE PVOID by_switch(int kind) {
    ULONG tag;
    SIZE_T bytes = 8;
    switch (kind) {
    case 0: tag = TAG('S','w','i','0'); break;
    case 1: tag = TAG('S','w','i','1'); bytes = g_n; break;
    case 2: tag = TAG('S','w','i','2'); DbgPrint("two\n"); break;
    case 3: tag = TAG('S','w','i','3'); bytes = 12; break;
    case 5: tag = TAG('S','w','i','4'); break;
    default: tag = TAG('S','w','i','D'); break;
    }
    return ExAllocatePool2(64, bytes, tag);
}
static NOINLINE void by_table(void) {
    unsigned i;
    for (i = 0; i < 4; i++) {
        PVOID p = ExAllocatePoolWithTag(0, 32 + i, tags[i]);
        if (!p) { DbgPrint("no memory for %u %s\n", i, after_table); break; }
        g_sink[i] = p;
    }
}
static NOINLINE PVOID by_index(unsigned kind) {
    if (kind >= 3) return 0;
    return ExAllocatePoolWithTag(0, kinds[kind].bytes, kinds[kind].tag);
}
static NOINLINE ULONG tag_of(unsigned kind) {
    switch (kind) {
    case 0: return TAG('F','u','n','0');
    case 1: return TAG('F','u','n','1');
    default: return TAG('F','u','n','2');
    }
}
static NOINLINE PVOID by_function(unsigned kind) { return ExAllocatePoolWithTag(0, 77, tag_of(kind)); }
NTSTATUS CALLED DriverEntry(PVOID driver, UNICODE_STRING *path) {
    branch((int)g_n);
    KEEP(by_switch((int)g_n));
    by_table();
    KEEP(by_index((unsigned)g_n));
    KEEP(by_function((unsigned)g_n));
    return 0;
}
