// A framework driver that names no tag: the framework makes one of the service name.
// tag fram wdf_default
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
static NOINLINE void start(config *c, PVOID add) {
    __builtin_memset(c, 0, sizeof *c);
    c->size = sizeof *c;
    c->add = add;
}
NTSTATUS CALLED DriverEntry(PVOID driver, UNICODE_STRING *path) {
    config c;
    NTSTATUS status = WdfVersionBind(driver, path, &info, &WdfDriverGlobals);
    if (status < 0) return status;
    start(&c, driver);
    return ((create_fn)WdfFunctions[116])(WdfDriverGlobals, driver, path, 0, &c, 0);
}
