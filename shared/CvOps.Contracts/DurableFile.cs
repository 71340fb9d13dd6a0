using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CvOps.Contracts;

/// <summary>What is to be there after a power cut. Errors are thrown: who was told that something is kept must be able to rely on it.</summary>
public static partial class DurableFile
{
    private const int Interrupted = 4; // EINTR

    /// <summary>Replaces a small file: after a power cut either the old content or the new one is there, whole.</summary>
    /// <exception cref="IOException">The disk is full or read-only; the old content stands.</exception>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        var fresh = path + ".new";
        using (var handle = File.OpenHandle(fresh, FileMode.Create, FileAccess.Write))
        {
            RandomAccess.Write(handle, content, 0);
            Sync(handle);
        }
        Replace(fresh, path);
    }

    /// <summary>Flushes a stream into its file and the file to the disk.</summary>
    /// <exception cref="IOException">See <see cref="Sync(SafeFileHandle)"/>.</exception>
    public static void Sync(FileStream file)
    {
        file.Flush();
        Sync(file.SafeFileHandle);
    }

    /// <summary>Gives a file that is durable its name, durably.</summary>
    /// <exception cref="IOException">The rename failed, or nobody knows whether it is on disk.</exception>
    public static void Replace(string from, string to)
    {
        File.Move(from, to, overwrite: true);
        SyncFolder(Path.GetDirectoryName(Path.GetFullPath(to))!);
    }

    /// <summary>
    /// Makes what was written to a file survive a power cut. .NET's own FlushToDisk and Flush(true) answer success when fsync(2) has failed (10.0, measured
    /// with a disk that refuses): a broken disk would go unnoticed.
    /// </summary>
    /// <exception cref="IOException">Nobody knows what of it is on disk; its code is the errno.</exception>
    public static void Sync(SafeFileHandle file)
    {
        if (!OperatingSystem.IsLinux())
        {
            RandomAccess.FlushToDisk(file);
            return;
        }
        while (Fdatasync(file) != 0)
        {
            if (Marshal.GetLastPInvokeError() is not Interrupted and var error)
                throw new IOException($"What was written can't be made durable: {Marshal.GetPInvokeErrorMessage(error)} (fdatasync).", error);
        }
    }

    /// <summary>Makes a rename or a new file in the folder survive a power cut; fsync(2) asks for it and .NET has no call for it.</summary>
    public static void SyncFolder(string folder)
    {
        if (!OperatingSystem.IsLinux()) return;
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
