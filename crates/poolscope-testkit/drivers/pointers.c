// Allocators called through pointers.
// tag Ptr1 passed
// tag Ptr2 passed
// tag Ptr3 passed
// tag Ptr4 passed
// tag PtrO wrapper|passed
// tag PtrD passed
#include "kernel.h"
GLOBALS
typedef PVOID (CALLED *allocate_fn)(int, SIZE_T, ULONG);
typedef PVOID (CALLED *allocate2_fn)(ULONG64, SIZE_T, ULONG);
typedef PVOID (*own_fn)(SIZE_T, ULONG);
static allocate_fn g_allocate;
static allocate2_fn g_allocate2;
static NOINLINE PVOID own(SIZE_T bytes, ULONG tag) { return ExAllocatePoolWithTag(0, bytes, tag); }
static struct { int version; own_fn allocate; void (*nothing)(void); } operations = { 1, own, 0 };
static NOINLINE PVOID later(void) { return g_allocate(1, 9, TAG('P','t','r','3')); }
static NOINLINE PVOID through(SIZE_T n) { return operations.allocate(n, TAG('P','t','r','O')); }
static NOINLINE PVOID dynamic(SIZE_T n) {
    if (g_allocate2) return g_allocate2(64, n, TAG('P','t','r','D'));
    return ExAllocatePoolWithTag(0, n, TAG('P','t','r','4'));
}
NTSTATUS CALLED DriverEntry(PVOID driver, UNICODE_STRING *path) {
    static const USHORT name[] = { 'E','x','A','l','l','o','c','a','t','e','P','o','o','l','2',0 };
    UNICODE_STRING text;
    allocate_fn local = ExAllocatePoolWithTag;
    KEEP(local(0, 3, TAG('P','t','r','1')));
    KEEP(local(0, 4, TAG('P','t','r','2')));
    g_allocate = ExAllocatePoolWithTag;
    RtlInitUnicodeString(&text, name);
    g_allocate2 = (allocate2_fn)MmGetSystemRoutineAddress(&text);
    if (g_n & 1) operations.version = 2;
    KEEP(later());
    KEEP(through(g_n));
    KEEP(dynamic(g_n));
    return 0;
}
