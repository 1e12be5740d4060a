/* The one function Rust's standard library takes from bcryptprimitives.dll, for Wine versions without it. */
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG length);

BOOL WINAPI ProcessPrng(PBYTE buffer, SIZE_T length)
{
    while (length) {
        ULONG step = length > 0x10000000 ? 0x10000000 : (ULONG)length;
        if (!SystemFunction036(buffer, step))
            return FALSE;
        buffer += step;
        length -= step;
    }
    return TRUE;
}
