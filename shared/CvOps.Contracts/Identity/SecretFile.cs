using System.Globalization;

namespace CvOps.Contracts.Identity;

/// <summary>Private keys are for one user's eyes.</summary>
public static class SecretFile
{
    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <returns>What is wrong with a key's file, and what to do; null when its mode lets nobody but its owner in, or there is no such file.</returns>
    public static string? Problem(string path)
    {
        if (OperatingSystem.IsWindows() || !File.Exists(path)) return null;
        // The mode of a link says nothing.
        var target = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
        var mode = File.GetUnixFileMode(target);
        return (mode & Others) == 0
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"the private key '{path}' is open to other users of this machine (mode {Octal(mode)}); let its owner alone read it: chmod 600 '{target}'");
    }

    private static string Octal(UnixFileMode mode) => Convert.ToString((int)mode, 8).PadLeft(4, '0');
}
