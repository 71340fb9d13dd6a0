using System.Runtime.InteropServices;

namespace CvOps.Agent.Update;

/// <summary>Replaces a small file so that after a power cut either the old content or the new one is there, whole.</summary>
internal static partial class DurableFile
{
    /// <exception cref="IOException">The disk is full or read-only; the old content stands.</exception>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        var fresh = path + ".new";
        using (var handle = File.OpenHandle(fresh, FileMode.Create, FileAccess.Write))
        {
            RandomAccess.Write(handle, content, 0);
            RandomAccess.FlushToDisk(handle);
        }
        File.Move(fresh, path, overwrite: true);
        SyncFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
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

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
