using System.Runtime.InteropServices;

namespace CvOps.Contracts.Programs;

/// <summary>Which manifests of programs are sound. Pure.</summary>
public static class ProgramRule
{
    private const int LongestVersion = 64;
    private const int LongestPath = 200;

    /// <summary>The machine this process runs on, as a manifest names it.</summary>
    public static string ThisRuntime => $"linux-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}";

    /// <summary>1 to 64 letters, digits and <c>. + ~ -</c>, a digit or letter first: what Debian allows of a version, and so a name for a file.</summary>
    public static bool IsVersion(string text) => text.Length is > 0 and <= LongestVersion && char.IsAsciiLetterOrDigit(text[0]) && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '+' or '~' or '-');

    /// <summary>Two words at least, of small letters and digits, joined by '-'.</summary>
    public static bool IsRuntime(string text) => text.Length <= LongestVersion && text.Split('-') is { Length: >= 2 } parts && parts.All(part => part.Length > 0 && part.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c)));

    /// <summary>True for a path that stays below the folder it is put into, on any machine.</summary>
    public static bool IsPath(string path) => path.Length is > 0 and <= LongestPath
        && path.All(c => c is > ' ' and < (char)127 and not ('\\' or ':' or '*' or '?' or '"' or '<' or '>' or '|'))
        && path.Split('/').All(part => part is not ("" or "." or ".."));

    /// <returns>What is wrong with it, a sentence; null when it is sound.</returns>
    public static string? Problem(ProgramManifest manifest)
    {
        if (manifest.Format is < 1 or > ProgramManifest.CurrentFormat) return $"its manifest has format {manifest.Format}, and formats up to {ProgramManifest.CurrentFormat} are known here.";
        if (!IsVersion(manifest.Version)) return $"'{manifest.Version}' is no version: letters, digits, '.', '+', '~' and '-', at most {LongestVersion}.";
        if (!IsRuntime(manifest.Runtime)) return $"'{manifest.Runtime}' names no machine; write one such as linux-x64.";
        if (manifest.Files.Count is 0 or > Limits.ProgramFiles) return $"it has {manifest.Files.Count} files; a program has 1 to {Limits.ProgramFiles}.";
        string? previous = null;
        var total = 0L;
        foreach (var file in manifest.Files)
        {
            if (!IsPath(file.Path)) return $"'{(file.Path.Length > LongestPath ? file.Path[..LongestPath] : file.Path)}' is no path that stays inside the program's folder.";
            if (previous is not null && string.CompareOrdinal(file.Path, previous) <= 0) return $"{file.Path} does not stand in order, or stands twice.";
            if (file.Bytes < 0 || (total += file.Bytes) > Limits.ProgramBytes) return $"its files have more than the {Limits.ProgramBytes:N0} bytes a program may have.";
            if (file.Sha256.Length != 64 || !file.Sha256.All(char.IsAsciiHexDigitLower)) return $"{file.Path} has no SHA-256.";
            previous = file.Path;
        }
        var paths = manifest.Files.Select(file => file.Path).ToHashSet(StringComparer.Ordinal);
        if (manifest.Files.FirstOrDefault(file => Folders(file.Path).Any(paths.Contains)) is { } inFile) return $"{inFile.Path} lies in what is a file itself.";
        var entry = manifest.Files.FirstOrDefault(file => file.Path == manifest.Entry);
        if (entry is null) return $"what it starts, {manifest.Entry}, is not among its files.";
        return entry.Executable || manifest.NeedsDotNet ? null : $"what it starts, {manifest.Entry}, is not executable.";
    }

    private static IEnumerable<string> Folders(string path)
    {
        for (var at = path.IndexOf('/', StringComparison.Ordinal); at >= 0; at = path.IndexOf('/', at + 1)) yield return path[..at];
    }
}
