/* The kernel interfaces the test drivers use, declared by hand from the public documentation, so that gcc and
 * clang build the same sources for every machine without any vendor's headers. */
#ifndef POOLSCOPE_TEST_KERNEL_H
#define POOLSCOPE_TEST_KERNEL_H

typedef unsigned char UCHAR;
typedef unsigned short USHORT;
typedef unsigned int ULONG;
typedef unsigned long long ULONG64;
typedef int NTSTATUS;
typedef void *PVOID;
typedef __SIZE_TYPE__ SIZE_T;
typedef struct { USHORT Length, MaximumLength; const USHORT *Buffer; } UNICODE_STRING;

#if defined(__i386__)
#define API __attribute__((dllimport, stdcall))
#define CALLED __attribute__((stdcall))
#else
#define API __attribute__((dllimport))
#define CALLED
#endif
#define NOINLINE __attribute__((noinline))
/* A tag in the order poolmon shows it. */
#define TAG(a, b, c, d) ((ULONG)(a) | ((ULONG)(b) << 8) | ((ULONG)(c) << 16) | ((ULONG)(d) << 24))

API PVOID ExAllocatePool(int, SIZE_T);
API PVOID ExAllocatePoolWithTag(int, SIZE_T, ULONG);
API PVOID ExAllocatePoolWithQuotaTag(int, SIZE_T, ULONG);
API PVOID ExAllocatePoolWithTagPriority(int, SIZE_T, ULONG, int);
API PVOID ExAllocatePool2(ULONG64, SIZE_T, ULONG);
API PVOID ExAllocatePool3(ULONG64, SIZE_T, ULONG, PVOID, ULONG);
API void ExFreePoolWithTag(PVOID, ULONG);
API void ExFreePool(PVOID);
API void ExInitializeNPagedLookasideList(PVOID, PVOID, PVOID, ULONG, SIZE_T, ULONG, USHORT);
API void ExInitializePagedLookasideList(PVOID, PVOID, PVOID, ULONG, SIZE_T, ULONG, USHORT);
API NTSTATUS ExInitializeLookasideListEx(PVOID, PVOID, PVOID, int, ULONG, SIZE_T, ULONG, USHORT);
API PVOID MmAllocateMappingAddress(SIZE_T, ULONG);
API PVOID MmGetSystemRoutineAddress(UNICODE_STRING *);
API void RtlInitUnicodeString(UNICODE_STRING *, const USHORT *);
API SIZE_T ObReferenceObjectWithTag(PVOID, ULONG);
API NTSTATUS IoCreateDevice(PVOID, ULONG, PVOID, ULONG, ULONG, UCHAR, PVOID *);
API SIZE_T RtlCompareMemory(const void *, const void *, SIZE_T);
__attribute__((dllimport)) ULONG DbgPrint(const char *, ...);

API int NdisAllocateMemoryWithTag(PVOID *, ULONG, ULONG);
API PVOID NdisAllocateMemoryWithTagPriority(PVOID, ULONG, ULONG, int);
API PVOID NdisAllocateNetBufferListPool(PVOID, const void *);
API PVOID NdisAllocateNetBufferPool(PVOID, const void *);
API PVOID NdisAllocateGenericObject(PVOID, ULONG, USHORT);
API void NdisInitializeNPagedLookasideList(PVOID, PVOID, PVOID, ULONG, SIZE_T, ULONG, USHORT);

API PVOID FltAllocatePoolAlignedWithTag(PVOID, int, SIZE_T, ULONG);
API NTSTATUS FltRegisterFilter(PVOID, const void *, PVOID *);

/* Kept from the optimiser. */
extern volatile SIZE_T g_n;
extern void *volatile g_sink[16];
#define KEEP(p) (g_sink[g_n & 15] = (void *)(p))
#define GLOBALS volatile SIZE_T g_n; void *volatile g_sink[16];
#endif
