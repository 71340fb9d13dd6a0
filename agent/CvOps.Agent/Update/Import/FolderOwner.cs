using System.ComponentModel;
using System.Runtime.InteropServices;

namespace CvOps.Agent.Update.Import;

/// <summary>Root at the machine acts as the agent's user in the agent's folder: what root left there the agent could not read.</summary>
internal static partial class FolderOwner
{
    private const int WorkingFolder = -100;                 // AT_FDCWD

    private const uint OwnerAndGroup = 0x8 | 0x10;          // STATX_UID | STATX_GID

    /// <summary>From now on this process is the folder's owner. Does nothing for a user other than root.</summary>
    /// <exception cref="IOException">The folder has no owner that can be told, or the kernel refuses.</exception>
    public static void ActAs(string folder)
    {
        if (EffectiveUser() != 0) return;
        var found = new Status();
        if (Statx(WorkingFolder, folder, 0, OwnerAndGroup, ref found) != 0) throw Refused($"The owner of '{folder}' can't be told");
        if (found.User == 0) return;
        // The group first: only root may choose it.
        if (SetEffectiveGroup(found.Group) != 0 || SetEffectiveUser(found.User) != 0) throw Refused($"This program can't act as the owner of '{folder}'");
    }

    /// <summary>Root gives a file to the folder's owner. Does nothing for another user, or while there is no such folder.</summary>
    /// <exception cref="IOException">The kernel refuses.</exception>
    public static void Give(string file, string folder)
    {
        if (EffectiveUser() != 0 || !Directory.Exists(folder)) return;
        var found = new Status();
        if (Statx(WorkingFolder, folder, 0, OwnerAndGroup, ref found) != 0) throw Refused($"The owner of '{folder}' can't be told");
        if (ChangeOwner(file, found.User, found.Group) != 0) throw Refused($"'{file}' can't be given to the owner of '{folder}'");
    }

    private static IOException Refused(string what) => new($"{what}: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}.");

    /// <summary>The head of struct statx, which is the same on every processor; 256 bytes in all.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Status
    {
        [FieldOffset(20)]
        public uint User;

        [FieldOffset(24)]
        public uint Group;
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Statx(int folder, string path, int flags, uint mask, ref Status found);

    [LibraryImport("libc", EntryPoint = "chown", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int ChangeOwner(string path, uint user, uint group);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint EffectiveUser();

    [LibraryImport("libc", EntryPoint = "setegid", SetLastError = true)]
    private static partial int SetEffectiveGroup(uint group);

    [LibraryImport("libc", EntryPoint = "seteuid", SetLastError = true)]
    private static partial int SetEffectiveUser(uint user);
}
