// A framework (KMDF) driver that names its tag and passes others through the function table.
// tag KmTg parameter
// tag KmMm passed
// tag KmLl passed
// imports wdfldr.sys
#include "kernel.h"
GLOBALS
typedef struct { ULONG size; PVOID add, unload; ULONG flags, tag; } config;
typedef struct { ULONG size; const USHORT *component; ULONG version[3]; ULONG count; PVOID table; PVOID module; } bind;
static const USHORT library[] = { 'K','m','d','f','L','i','b','r','a','r','y',0 };
PVOID *WdfFunctions;
PVOID WdfDriverGlobals;
API NTSTATUS WdfVersionBind(PVOID, PVOID, bind *, PVOID *);
static bind info = { sizeof info, library, { 1, 15, 0 }, 396, &WdfFunctions, 0 };
typedef NTSTATUS (CALLED *create_fn)(PVOID, PVOID, PVOID, PVOID, config *, PVOID *);
typedef NTSTATUS (CALLED *memory_fn)(PVOID, PVOID, int, ULONG, SIZE_T, PVOID *, PVOID *);
typedef NTSTATUS (CALLED *lookaside_fn)(PVOID, PVOID, SIZE_T, int, PVOID, ULONG, PVOID *);
NTSTATUS CALLED DriverEntry(PVOID driver, UNICODE_STRING *path) {
    config c = { sizeof c, driver, 0, 0, 0 };
    NTSTATUS status = WdfVersionBind(driver, path, &info, &WdfDriverGlobals);
    if (status < 0) return status;
    c.tag = TAG('K','m','T','g');
    status = ((create_fn)WdfFunctions[116])(WdfDriverGlobals, driver, path, 0, &c, 0);
    if (status < 0) return status;
    status = ((memory_fn)WdfFunctions[192])(WdfDriverGlobals, 0, 512, TAG('K','m','M','m'), g_n, (PVOID *)&g_sink[1], 0);
    if (status < 0) return status;
    return ((lookaside_fn)WdfFunctions[198])(WdfDriverGlobals, 0, 64, 512, 0, TAG('K','m','L','l'), (PVOID *)&g_sink[2]);
}
