"""The names that a C function must not have: those of the languages, of their libraries, and of our own file.

The file is C99 to C23 and C++11 to C++23 at once, and is linked with what its user has, so a name is refused that any
of these keeps for itself; a function called `read` or `index` would even be called in place of the system's own.
"""

from __future__ import annotations

import re

from autograd.program.exports.c_glibc import EXPORTED, MACROS

KEYWORDS = frozenset(
    # C99 to C23
    "auto break case char const continue default do double else enum extern float for goto if inline int long"
    " register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while"
    " alignas alignof bool constexpr false nullptr static_assert thread_local true typeof typeof_unqual asm fortran"
    # C++11 to C++23
    " and and_eq bitand bitor catch char16_t char32_t char8_t class co_await co_return co_yield compl concept"
    " const_cast consteval constinit decltype delete dynamic_cast explicit export friend mutable namespace new"
    " noexcept not not_eq operator or or_eq private protected public reinterpret_cast requires static_cast template"
    " this throw try typeid typename using virtual wchar_t xor xor_eq std main"
    # what compilers define in their own dialects
    " linux unix i386 arm mips sparc sun vax near far huge interface small pascal cdecl"
    .split()
)  # fmt: skip

# The headers of C99 to C23: functions and objects, whose names are external in every program, and macros and types.
# Of <math.h> and <complex.h> each stands also with f and l behind it.
_WITH_SUFFIXES = (
    "acos asin atan atan2 cos sin tan acosh asinh atanh cosh sinh tanh exp exp2 expm1 frexp ilogb ldexp log log10"
    " log1p log2 logb modf scalbn scalbln cbrt fabs hypot pow sqrt erf erfc lgamma tgamma ceil floor nearbyint rint"
    " lrint llrint round lround llround trunc fmod remainder remquo copysign nan nextafter nexttoward fdim fmax fmin"
    " fma"
    # C23
    " acospi asinpi atanpi atan2pi cospi sinpi tanpi compoundn exp10 exp10m1 exp2m1 log10p1 log2p1 logp1 pown powr"
    " rootn rsqrt llogb roundeven fmaximum fminimum fmaximum_mag fminimum_mag fmaximum_num fminimum_num"
    " fmaximum_mag_num fminimum_mag_num nextup nextdown canonicalize ufromfp ufromfpx fromfp fromfpx totalorder"
    " totalordermag getpayload setpayload setpayloadsig strtof strfrom"
    # POSIX and glibc
    " j0 j1 jn y0 y1 yn gamma fmaxmag fminmag drem significand finite isinf isnan scalb pow10 sincos signgam exp2m1"
    # <complex.h>
    " cacos casin catan ccos csin ctan cacosh casinh catanh ccosh csinh ctanh cexp clog clog10 cabs cpow csqrt carg"
    " cimag conj cproj creal cexp2 cexpm1 clog1p clog2 clgamma ctgamma cerf cerfc"
).split()

_LIBRARY = (
    # assert, ctype, errno, fenv, float, inttypes, iso646, limits, locale
    "assert errno feclearexcept fegetexceptflag feraiseexcept fesetexceptflag fetestexcept fegetround fesetround"
    " fegetenv feholdexcept fesetenv feupdateenv fesetexcept fegetmode fesetmode fenv_t fexcept_t femode_t imaxabs"
    " imaxdiv imaxdiv_t setlocale localeconv lconv"
    # math, complex, tgmath
    " float_t double_t fpclassify isfinite isnormal signbit isgreater isgreaterequal isless islessequal islessgreater"
    " isunordered iscanonical issignaling issubnormal iszero iseqsig math_errhandling complex imaginary I lgamma_r"
    " lgammaf_r lgammal_r matherr exception HUGE MAXFLOAT DOMAIN SING OVERFLOW UNDERFLOW PLOSS TLOSS X_TLOSS NAN"
    " INFINITY HUGE_VAL HUGE_VALF HUGE_VALL SNAN SNANF SNANL DECIMAL_DIG noreturn CMPLX CMPLXF CMPLXL"
    # setjmp, signal, stdarg, stdatomic, stdbit, stdbool, stdckdint, stddef, stdint
    " setjmp longjmp jmp_buf signal raise sig_atomic_t va_list va_arg va_start va_end va_copy atomic_flag"
    " kill_dependency memory_order ckd_add ckd_sub ckd_mul size_t ptrdiff_t max_align_t nullptr_t offsetof unreachable"
    " NULL rsize_t intptr_t uintptr_t intmax_t uintmax_t errno_t constraint_handler_t"
    # stdio
    " FILE fpos_t EOF BUFSIZ FOPEN_MAX FILENAME_MAX L_tmpnam TMP_MAX stdin stdout stderr remove rename tmpfile tmpnam"
    " fclose fflush fopen freopen setbuf setvbuf fprintf fscanf printf scanf snprintf sprintf sscanf vfprintf vfscanf"
    " vprintf vscanf vsnprintf vsprintf vsscanf fgetc fgets fputc fputs getc getchar gets putc putchar puts ungetc"
    " fread fwrite fgetpos fseek fsetpos ftell rewind clearerr feof ferror perror"
    # stdlib
    " div_t ldiv_t lldiv_t EXIT_FAILURE EXIT_SUCCESS RAND_MAX MB_CUR_MAX MB_LEN_MAX CHAR_BIT atof atoi atol atoll rand"
    " srand calloc free malloc realloc aligned_alloc free_sized free_aligned_sized abort atexit at_quick_exit exit"
    " getenv quick_exit system bsearch qsort abs labs llabs div ldiv lldiv mblen mbtowc wctomb mbstowcs wcstombs"
    # string, threads, time, uchar, wchar, wctype
    " call_once once_flag clock time_t clock_t timespec tm CLOCKS_PER_SEC TIME_UTC difftime mktime timegm time"
    " timespec_get timespec_getres asctime ctime gmtime gmtime_r localtime localtime_r wint_t mbstate_t WEOF fwprintf"
    " fwscanf swprintf swscanf vfwprintf vfwscanf vswprintf vswscanf vwprintf vwscanf wprintf wscanf fgetwc fgetws"
    " fputwc fputws fwide getwc getwchar putwc putwchar ungetwc btowc wctob mbsinit mbrlen mbrtowc wcrtomb mbsrtowcs"
    " wcsrtombs wmemcpy wmemmove wmemcmp wmemchr wmemset wctype_t wctrans_t wctype wctrans mbrtoc8 c8rtomb mbrtoc16"
    " c16rtomb mbrtoc32 c32rtomb"
    # what POSIX systems add to these headers, and every program there is linked with
    " access acct alarm alloca asprintf basename bcmp bcopy brk bzero chdir chmod chown chroot close closedir confstr"
    " connect creat crypt ctermid daemon dirfd dirname dprintf drand48 dup dup2 environ erand48 execl execle execlp"
    " execv execve execvp fchdir fchmod fchown fcntl fdatasync fdopen ffs fileno flock flockfile fmemopen fork"
    " fpathconf fseeko fstat fsync ftello ftok ftruncate ftw funlockfile getaddrinfo getcwd getdelim getdate getegid"
    " getenv geteuid getgid getgrgid getgrnam gethostname getline getlogin getopt getpgid getpgrp getpid getppid"
    " getpriority getpwnam getpwuid getrlimit getrusage getsid getsockname getsockopt gettimeofday getuid getw glob"
    " globfree hcreate hdestroy hsearch iconv index initgroups insque ioctl jrand48 kill killpg lchown lcong48 lfind"
    " link listen lockf lrand48 lsearch lseek lstat mkdir mkdtemp mkfifo mknod mkstemp mktemp mlock mmap mount"
    " mprotect mrand48 msync munlock munmap nanosleep nice nrand48 open opendir openlog optarg opterr optind optopt"
    " pathconf pause pclose pipe poll popen pread ptrace putenv pwrite random rand_r read readdir readlink readv"
    " realpath recv recvfrom recvmsg regcomp regerror regexec regfree remque rewinddir rindex rmdir sbrk select semctl"
    " semget semop send sendmsg sendto setegid setenv seteuid setgid setpgid setpriority setregid setreuid setrlimit"
    " setsid setsockopt setstate setuid shmat shmctl shmdt shmget shutdown sigaction sigaddset sigdelset sigemptyset"
    " sigfillset sighold sigpause sigpending sigprocmask sigsuspend sigwait sleep sockatmark socket socketpair srand48"
    " srandom stat statfs statvfs swab symlink sync sysconf sysinfo syslog tcdrain tcflow tcflush tcgetattr tcsetattr"
    " tdelete tempnam tfind times truncate tsearch ttyname twalk tzname tzset timezone daylight ualarm umask umount"
    " uname ungetc unlink unsetenv usleep utime utimes vasprintf vdprintf vfork wait wait3 wait4 waitid waitpid write"
    " writev lgamma_r err errx warn warnx error program_invocation_name end etext edata clone accept bind a64l l64a"
    " ecvt fcvt gcvt dup3 pipe2 openat linkat revoke profil getcontext setcontext makecontext swapcontext getpagesize"
    " getpass getwd hstrerror madvise mincore mlockall mremap pselect psignal sigmask sigblock sigreturn sysctl tee"
    " splice syncfs syscall ttyslot valloc vhangup wait64 gsignal ssignal initstate pvalloc memalign cfree mallinfo"
    " rpmatch rexec rcmd ruserok statx setgroups"
).split()  # fmt: skip

_SUFFIXES = [
    "",
    "f",
    "l",
    *(f"{kind}{x}" for kind in ("f16", "f32", "f64", "f128") for x in ("", "x")),
    "d32",
    "d64",
    "d128",
]
_NARROW = [f"{kind}{what}" for kind in "fd" for what in "add sub mul div fma sqrt".split()]  # fadd(double, double)

LIBRARY = (
    EXPORTED
    | MACROS
    | frozenset(_LIBRARY)
    | {f"{name}{suffix}" for name in _WITH_SUFFIXES for suffix in _SUFFIXES}
    | {f"{name}{suffix}" for name in _NARROW for suffix in ("", "l")}
)

# Beginnings that the standard keeps for what later versions of the library add (7.31 of C17).
RESERVED = re.compile(
    r"_.*|.*__.*"  # C++ reserves two underscores anywhere
    r"|(str|mem|wcs|is|to)[a-z].*"
    r"|(atomic|cnd|mtx|thrd|tss|cr|stdc|pthread)_.*"
    r"|u?int[a-z0-9_]*_t"
    r"|f(16|32|64|128)x?[a-z].*|HUGE_VAL.*|SNAN.*|lgamma.*_r"  # with types of other widths
    r"|E[0-9A-Z].*|SIG_?[A-Z].*|(PRI|SCN)[a-zX].*"
    r"|(ATOMIC|BITINT|BOOL|CHAR|DBL|DEC\d+|FE|FLT|FP|INT|INT\d+|INTMAX|INTPTR|INT_FAST\d+|INT_LEAST\d+|LC|LDBL|LLONG|LONG|M"
    r"|MATH|MB|ONCE|PTRDIFF|RSIZE|SCHAR|SEEK|SHRT|SIG_ATOMIC|SIZE|TSS|UCHAR|UINT|UINT\d+|UINTMAX|UINTPTR|UINT_FAST\d+|UINT_LEAST\d+|ULLONG|ULONG|USHRT|WCHAR|WINT)_.*"
)

IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
