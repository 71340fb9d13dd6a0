using System.Security.Cryptography;

namespace CvOps.Contracts.Identity;

/// <summary>
/// A file whose reader may do everything at one fleet, in whosever name: for the programs of the machine that the fleet runs on. Its owner alone may read it.
/// </summary>
public static class LocalTokenFile
{
    private const string Prefix = "cvops_local_";
    private const int SecretBytes = 32;

    /// <summary>What it is called beside a stack's other files.</summary>
    public const string Name = "local.token";

    /// <summary>Makes the file, unless there is one.</summary>
    /// <returns>The token.</returns>
    public static string Ensure(string path)
    {
        if (!File.Exists(path))
        {
            if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder) Directory.CreateDirectory(folder);
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            using var writer = new StreamWriter(path, options);
            writer.WriteLine(Prefix + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(SecretBytes)));
        }
        return Read(path);
    }

    /// <exception cref="InvalidDataException">The file holds something else.</exception>
    public static string Read(string path) => File.ReadAllText(path).Trim() is var text && text.StartsWith(Prefix, StringComparison.Ordinal) && text.Length >= Prefix.Length + 2 * SecretBytes
        ? text
        : throw new InvalidDataException($"{path} holds no local token: delete it, and 'cvops up' or a start of the fleet makes a new one.");
}
