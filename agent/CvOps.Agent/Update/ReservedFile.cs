using System.Runtime.InteropServices;
using CvOps.Contracts;

namespace CvOps.Agent.Update;

/// <summary>
/// A small file with a spare beside it (<c>.new</c>), both with room they keep: the next content goes into the spare, in place, and then the two change
/// names. So it is replaced whole or not at all, as by <see cref="DurableFile"/>, and a disk that is full can't refuse it.
/// </summary>
/// <remarks>On file systems that write to a new place each time (btrfs, ZFS) a full disk may refuse it all the same.</remarks>
internal static partial class ReservedFile
{
    /// <summary>Contents up to this size never need new room.</summary>
    public const int Room = 16 * 1024;

    private const int WorkingFolder = -100;     // AT_FDCWD

    private const uint Exchange = 2;            // RENAME_EXCHANGE

    /// <param name="content">Text; it is followed by spaces on the disk.</param>
    /// <exception cref="IOException">The disk refused; the old content stands. So for <see cref="UnauthorizedAccessException"/>.</exception>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        var padded = new byte[Math.Max(Room, content.Length)];
        content.CopyTo(padded);
        padded.AsSpan(content.Length).Fill((byte)' ');
        var (spare, folder) = (path + ".new", Path.GetDirectoryName(Path.GetFullPath(path))!);
        Fill(spare, padded);
        if (!File.Exists(path) || RenameAt2(WorkingFolder, spare, WorkingFolder, path, Exchange) != 0) File.Move(spare, path, overwrite: true);
        DurableFile.SyncFolder(folder);
        // The first time, or where names can't be exchanged: the room for the next time is taken while there is some.
        if (!File.Exists(spare)) TryFill(spare, padded, folder);
    }

    private static void Fill(string path, ReadOnlySpan<byte> content)
    {
        using var handle = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.Write);
        RandomAccess.Write(handle, content, 0);
        if (RandomAccess.GetLength(handle) > content.Length) RandomAccess.SetLength(handle, content.Length);
        DurableFile.Sync(handle);
    }

    private static void TryFill(string path, ReadOnlySpan<byte> content, string folder)
    {
        try
        {
            Fill(path, content);
            DurableFile.SyncFolder(folder);
        }
        catch (IOException)
        {
            // No room: the next write will say so if there still is none.
        }
    }

    /// <summary>renameat2(2): .NET has no call that exchanges two names.</summary>
    [LibraryImport("libc", EntryPoint = "renameat2", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RenameAt2(int fromFolder, string from, int toFolder, string to, uint flags);
}
