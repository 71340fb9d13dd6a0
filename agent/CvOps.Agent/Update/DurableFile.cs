using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CvOps.Agent.Update;

/// <summary>Replaces a small file so that after a power cut either the old content or the new one is there, whole.</summary>
internal static partial class DurableFile
{
    private const int Interrupted = 4; // EINTR

    /// <exception cref="IOException">The disk is full or read-only; the old content stands.</exception>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        var fresh = path + ".new";
        using (var handle = File.OpenHandle(fresh, FileMode.Create, FileAccess.Write))
        {
            RandomAccess.Write(handle, content, 0);
            Sync(handle);
        }
        File.Move(fresh, path, overwrite: true);
        SyncFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    /// <summary>
    /// Makes what was written to a file survive a power cut. .NET's own FlushToDisk and Flush(true) answer success when fsync(2) has failed (10.0, measured
    /// with a disk that refuses): a broken disk would go unnoticed.
    /// </summary>
    /// <exception cref="IOException">Nobody knows what of it is on disk; its code is the errno.</exception>
    public static void Sync(SafeFileHandle file)
    {
        while (Fdatasync(file) != 0)
        {
            if (Marshal.GetLastPInvokeError() is not Interrupted and var error)
                throw new IOException($"What was written can't be made durable: {Marshal.GetPInvokeErrorMessage(error)} (fdatasync).", error);
        }
    }

    /// <summary>Makes a rename or a new file in the folder survive a power cut; fsync(2) asks for it and .NET has no call for it.</summary>
    public static void SyncFolder(string folder)
    {
        var descriptor = Open(folder, 0);
        if (descriptor < 0) throw new IOException($"Cannot open the folder '{folder}' to make its change durable (errno {Marshal.GetLastPInvokeError()}).");
        try
        {
            if (Fsync(descriptor) != 0) throw new IOException($"Cannot make the change in the folder '{folder}' durable (errno {Marshal.GetLastPInvokeError()}).");
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int Fdatasync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
