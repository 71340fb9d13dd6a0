using System.Globalization;

namespace CvOps.Cli;

/// <summary>
/// Tokens by the address of their fleet, a file each for its owner's eyes alone, under <c>~/.config/cvops/tokens</c>. A login is kept until <c>cvops logout</c>; the
/// one of a stack that runs on this machine is lent for as long as it runs.
/// </summary>
internal static class Credentials
{
    private const string Variable = "CVOPS_TOKEN";
    private const string Lent = ".running";

    private static string Folder => Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CONFIG_HOME") is { Length: > 0 } config ? config : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".config"), "cvops", "tokens");

    /// <returns>CVOPS_TOKEN, else that of a login, else that of a stack that runs here; null when there is none.</returns>
    public static string? Find(Uri fleet) =>
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given ? given.Trim() : Read(FileOf(fleet)) ?? Read(FileOf(fleet) + Lent);

    /// <returns>Where it is kept.</returns>
    public static string Save(Uri fleet, string token) => Write(FileOf(fleet), token);

    /// <returns>Whether there was one.</returns>
    public static bool Forget(Uri fleet)
    {
        var there = File.Exists(FileOf(fleet));
        File.Delete(FileOf(fleet));
        return there;
    }

    /// <summary>Kept until it is disposed.</summary>
    public static IDisposable Lend(Uri fleet, string token) => new Loan(Write(FileOf(fleet) + Lent, token), token);

    private static string FileOf(Uri fleet) => Path.Combine(Folder, string.Create(CultureInfo.InvariantCulture, $"{fleet.Scheme}_{fleet.Host.Replace(':', '_')}_{fleet.Port}"));

    private static string? Read(string file)
    {
        try
        {
            return File.ReadAllText(file).Trim() is { Length: > 0 } text ? text : null;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private static string Write(string file, string token)
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(Folder);
        else Directory.CreateDirectory(Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var fresh = $"{file}.{Environment.ProcessId}";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var writer = new StreamWriter(fresh, options)) writer.WriteLine(token);
        File.Move(fresh, file, overwrite: true);
        return file;
    }

    private sealed class Loan(string file, string token) : IDisposable
    {
        // Another stack may have that address by now.
        public void Dispose()
        {
            if (Read(file) == token) File.Delete(file);
        }
    }
}
