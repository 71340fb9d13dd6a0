using System.Globalization;
using System.Runtime.InteropServices;

namespace CvOps.Contracts.Identity;

/// <summary>Private keys are for one user's eyes.</summary>
public static partial class SecretFile
{
    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <returns>What is wrong with a key's file, and what to do; null when its mode lets nobody in whom it is not for, or there is no such file.</returns>
    public static string? Problem(string path)
    {
        if (OperatingSystem.IsWindows() || !File.Exists(path)) return null;
        // The mode of a link says nothing.
        var target = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
        var mode = File.GetUnixFileMode(target);
        return IsSafe(mode, () => !Environment.IsPrivilegedProcess && BelongsToRoot(target))
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"the private key '{path}' is open to other users of this machine (mode {Octal(mode)}); let its owner alone read it: chmod 600 '{target}'");
    }

    /// <summary>
    /// PostgreSQL's rule for key files (libpq, 34.19): the owner's alone; or root's, and then a group may read it, which is how a container or a cluster hands a secret to a program
    /// that is not root.
    /// </summary>
    /// <param name="fromRoot">Whether the file is root's and this program is not; asked only where it matters.</param>
    internal static bool IsSafe(UnixFileMode mode, Func<bool> fromRoot) => (mode & Others) switch
    {
        0 => true,
        UnixFileMode.GroupRead => fromRoot(),
        _ => false,
    };

    private static string Octal(UnixFileMode mode) => Convert.ToString((int)mode, 8).PadLeft(4, '0');

    private static bool BelongsToRoot(string path)
    {
        const int workingFolder = -100; // AT_FDCWD
        const uint owner = 0x8; // STATX_UID
        if (!OperatingSystem.IsLinux()) return false;
        // struct statx (linux/stat.h) is the same on every processor: 256 bytes, stx_uid at 20.
        Span<byte> answer = stackalloc byte[256];
        answer.Clear();
        return Statx(workingFolder, path, 0, owner, ref MemoryMarshal.GetReference(answer)) == 0 && (MemoryMarshal.Read<uint>(answer) & owner) != 0 && MemoryMarshal.Read<uint>(answer[20..]) == 0;
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Statx(int folder, string path, int flags, uint mask, ref byte answer);
}
