using System.Runtime.InteropServices;

namespace CvOps.Agent.Offline;

/// <summary>Standard output as bytes. The console's own stream hides that nobody reads any more.</summary>
internal static partial class StandardOutput
{
    private const int Interrupted = 4;
    private const int TryAgain = 11;

    /// <exception cref="IOException">The disk is full, or nobody reads any more.</exception>
    public static unsafe void Write(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            nint written;
            fixed (byte* first = bytes) written = Write(1, first, bytes.Length);
            if (written >= 0)
            {
                bytes = bytes[(int)written..];
                continue;
            }
            var error = Marshal.GetLastPInvokeError();
            if (error is not (Interrupted or TryAgain)) throw new IOException(Marshal.GetPInvokeErrorMessage(error));
            Thread.Sleep(1);
        }
    }

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static unsafe partial nint Write(int descriptor, byte* bytes, nint count);
}
