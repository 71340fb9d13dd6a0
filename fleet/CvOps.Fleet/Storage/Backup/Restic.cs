using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;

namespace CvOps.Fleet.Storage.Backup;

/// <summary>A backup that the repository holds.</summary>
/// <param name="Id">Its name there; the first eight letters do.</param>
/// <param name="Time">When it was made.</param>
/// <param name="Hostname">On which machine.</param>
/// <param name="Paths">Of which data folder.</param>
internal sealed record BackupSnapshot(string Id, DateTimeOffset Time, string Hostname, string[] Paths);

/// <summary>A repository that does not do what it is asked: its sentence says why.</summary>
internal sealed class RepositoryException(string message) : IOException(message);

/// <summary>
/// The repository that keeps backups: restic's format and program, so encrypted (AES-256, keys by scrypt), each piece stored once however many backups have it, on a disk, by SFTP or in S3,
/// and readable without CvOps.
/// </summary>
/// <param name="repository">As restic names it: a folder, <c>sftp:user@host:/folder</c>, <c>s3:https://host/bucket</c>.</param>
/// <param name="passwordFile">Its first line opens the repository.</param>
internal sealed class Restic(string repository, string passwordFile)
{
    public const string Program = "restic";

    private const int SomeUnreadable = 3;
    private const string Tag = "cvops";

    /// <summary>Opens the repository, or makes it where there is none.</summary>
    /// <returns>True when it was made.</returns>
    /// <exception cref="RepositoryException">It cannot be reached or opened.</exception>
    public async Task<bool> OpenAsync(CancellationToken cancel)
    {
        var (code, error) = await RunAsync(["cat", "config", "--no-cache"], null, null, cancel);
        if (code == 0) return false;
        if (error.Contains("wrong password", StringComparison.Ordinal) || error.Contains("no key found", StringComparison.Ordinal))
            throw new RepositoryException($"The password in {passwordFile} does not open {repository}. Without the one it was made with nobody can read it.");
        if (!error.Contains("unable to open config file", StringComparison.Ordinal)) throw Failed("opened", error);
        await AskAsync("made", ["init", "--no-cache"], null, null, cancel);
        return true;
    }

    /// <summary>Backs up a folder, its own names first and the folder's path unseen.</summary>
    /// <param name="folder">Is walked from within.</param>
    /// <param name="without">Patterns of what stays out, absolute.</param>
    /// <param name="tell">Hears the share of the bytes, 0 to 1.</param>
    /// <returns>The last line: what was new.</returns>
    /// <exception cref="RepositoryException">It is not whole.</exception>
    public async Task<ResticLine> BackUpAsync(string folder, IEnumerable<string> without, Action<double> tell, CancellationToken cancel)
    {
        ResticLine? summary = null;
        // A backup that was killed has left its lock; one that is alive keeps it.
        await AskAsync("unlocked", ["unlock"], null, null, cancel);
        await AskAsync("written", ["backup", ".", "--tag", Tag, "--json", .. without.SelectMany(pattern => (string[])["--exclude", pattern])], folder, line =>
        {
            if (line.MessageType == "status" && line.PercentDone is { } share) tell(share);
            else if (line.MessageType == "summary") summary = line;
        }, cancel);
        return summary ?? throw new RepositoryException($"{repository} did not say what it took.");
    }

    /// <summary>All backups, the oldest first.</summary>
    public async Task<IReadOnlyList<BackupSnapshot>> ListAsync(CancellationToken cancel)
    {
        var text = "";
        await AskAsync("read", ["snapshots", "--tag", Tag, "--json", "--no-cache"], null, null, cancel, all => text = all);
        return JsonSerializer.Deserialize(text, BackupJson.Default.BackupSnapshotArray) ?? [];
    }

    /// <summary>Brings a backup's files into a folder. Each piece is checked against its hash on the way.</summary>
    public Task RestoreAsync(string id, string target, CancellationToken cancel) => AskAsync("read", ["restore", id, "--target", target, "--no-cache"], null, null, cancel);

    /// <summary>Reads every piece there is and checks it.</summary>
    public Task CheckAsync(CancellationToken cancel) => AskAsync("checked", ["check", "--read-data", "--no-cache"], null, null, cancel);

    /// <summary>Lets backups go that no rule keeps, and the pieces that no other has.</summary>
    /// <param name="keep">restic's own options, <c>--keep-daily 7</c>.</param>
    public Task ForgetAsync(IEnumerable<string> keep, CancellationToken cancel) => AskAsync("tidied", ["forget", "--tag", Tag, "--group-by", "tags", "--prune", .. keep], null, null, cancel);

    private async Task AskAsync(string verb, string[] arguments, string? folder, Action<ResticLine>? hear, CancellationToken cancel, Action<string>? read = null)
    {
        var (code, error) = await RunAsync(arguments, folder, hear, cancel, read);
        if (code == SomeUnreadable) throw new RepositoryException($"Some files could not be read, so this backup is not whole: {error}");
        if (code != 0) throw Failed(verb, error);
    }

    private RepositoryException Failed(string verb, string error) => new($"The repository {repository} could not be {verb}: {error}");

    private async Task<(int Code, string Error)> RunAsync(string[] arguments, string? folder, Action<ResticLine>? hear, CancellationToken cancel, Action<string>? read = null)
    {
        var start = new ProcessStartInfo(Program, arguments)
        {
            RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, WorkingDirectory = folder ?? "",
            Environment = { ["RESTIC_REPOSITORY"] = repository, ["RESTIC_PASSWORD_FILE"] = passwordFile },
        };
        // A service may have no home, and a cache that is not there is one reading of the index more.
        if (Environment.GetEnvironmentVariable("HOME") is null && Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is null) start.ArgumentList.Add("--no-cache");
        using var process = Start(start);
        process.StandardInput.Close();
        await using var stop = cancel.Register(() => process.Kill(entireProcessTree: true));
        var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        if (read is not null) read(await process.StandardOutput.ReadToEndAsync(CancellationToken.None));
        else
            while (await process.StandardOutput.ReadLineAsync(CancellationToken.None) is { } line)
                if (hear is not null && line.StartsWith('{')) hear(JsonSerializer.Deserialize(line, BackupJson.Default.ResticLine)!);
        await process.WaitForExitAsync(CancellationToken.None);
        cancel.ThrowIfCancellationRequested();
        return (process.ExitCode, (await errors).Trim().ReplaceLineEndings(" "));
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new RepositoryException($"restic, which keeps the backups, does not start ({e.Message}): apt-get install restic");
        }
    }
}
