using System.Runtime.InteropServices;
using System.Text;

namespace System.Device.Gpio.CharacterDevice;

/// <summary>The system calls of a character device.</summary>
internal static unsafe partial class Libc
{
    public const int ReadWriteCloseOnExec = 0x2 | 0x80000;
    public const short PollIn = 1;
    public const int Interrupted = 4;
    public const int NoSuchFile = 2;
    public const int PermissionDenied = 13;
    public const int Busy = 16;

    [StructLayout(LayoutKind.Sequential)]
    public struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }

    /// <summary>The error of the last call, in words.</summary>
    public static string LastError => Marshal.GetLastPInvokeErrorMessage();

    public static string Text(byte* name)
    {
        var bytes = new ReadOnlySpan<byte>(name, GpioUapi.NameSize);
        var end = bytes.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "close")]
    public static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Ioctl(int descriptor, nuint request, void* argument);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(int descriptor, void* buffer, nuint size);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(int descriptor, void* buffer, nuint size);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    public static partial int EventDescriptor(uint initial, int flags);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    public static partial int Poll(PollDescriptor* descriptors, nuint count, int timeoutMs);
}
