using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace CvOps.Fleet.Storage.Backup;

/// <summary>
/// Copies a fleet's PostgreSQL database, in which read models and grains are together, as it is at one moment while fleets write to it, and brings it back in one transaction. PostgreSQL's own tools do it
/// (<c>pg_dump</c>, <c>pg_restore</c>, <c>psql</c>), which know its types, sequences and triggers; so they need not be of this machine.
/// </summary>
/// <param name="database">A connection as libpq names it: <c>user=cvops dbname=cvops</c>, or a URI. Passwords are in PGPASSFILE, not here, where processes show them.</param>
/// <param name="before">Words before a tool's name, such as <c>ssh database</c>; none on this machine.</param>
internal sealed partial class PostgresTools(string database, string[] before)
{
    public const string File = "fleet.dump";

    /// <summary>Whether a connection as libpq names it holds a password, as a word (<c>password=...</c>) or in a URI (<c>postgresql://user:...@host</c>, <c>?password=...</c>).</summary>
    public static bool HoldsPassword(string database) => Password().IsMatch(database);

    /// <summary>Writes the database into a folder, and flushes it to the disk.</summary>
    /// <returns>A moment not after the copy's, and how many steps of <see cref="Migrations"/> the read models have.</returns>
    /// <exception cref="IOException">The database cannot be reached or read, or is none of a fleet's.</exception>
    public async Task<(DateTimeOffset At, int Schema)> CopyAsync(string folder, TimeProvider time, CancellationToken cancel)
    {
        if (await AnswerAsync("SELECT to_regclass('public.schema_version') IS NOT NULL", cancel) != "t") throw new IOException($"There is no fleet's data in the database '{database}'.");
        var schema = int.Parse(await AnswerAsync("SELECT version FROM public.schema_version", cancel), CultureInfo.InvariantCulture);
        var at = time.GetUtcNow();
        await using var copy = new FileStream(Path.Combine(folder, File), FileMode.CreateNew, FileAccess.ReadWrite);
        // restic compresses, and finds what it has already only in what is not compressed.
        await RunAsync("pg_dump", ["--format=custom", "--compress=0", "--no-owner", "--no-privileges", "--dbname", database], Stream.Null, copy, cancel);
        copy.Flush(flushToDisk: true);
        return (at, schema);
    }

    /// <summary>Bytes of the database on its server's disk; the copy has no indices, so it takes less.</summary>
    public async Task<long> SizeAsync(CancellationToken cancel) => long.Parse(await AnswerAsync("SELECT pg_database_size(current_database())", cancel), CultureInfo.InvariantCulture);

    /// <exception cref="InvalidDataException">It is not.</exception>
    public async Task MakeSureItIsEmptyAsync(CancellationToken cancel)
    {
        if (await AnswerAsync("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", cancel) != "0")
            throw new InvalidDataException($"The database '{database}' has tables already; a restore needs an empty one: createdb makes it.");
    }

    /// <summary>Fills an empty database, and says in the same transaction that it was restored.</summary>
    /// <param name="folder">Has the copy; there must be room for as much once more.</param>
    /// <returns>Rows of what people ask for first.</returns>
    /// <exception cref="IOException">The copy is damaged, or the database does not take it; it is empty then.</exception>
    public async Task<Dictionary<string, long>> BringBackAsync(string folder, DateTimeOffset at, DateTimeOffset now, CancellationToken cancel)
    {
        var script = Path.Combine(folder, "fleet.sql");
        // Whole before the first word of it is said: what ended early would be a commit of half.
        await using (var dump = new FileStream(Path.Combine(folder, File), FileMode.Open, FileAccess.Read))
        await using (var sql = new FileStream(script, FileMode.CreateNew, FileAccess.ReadWrite))
        {
            await RunAsync("pg_restore", ["--no-owner", "--no-privileges", "--file=-"], dump, sql, cancel);
            await using var more = new StreamWriter(sql);
            await more.WriteAsync(RestoredFleet.InPostgres(at, now));
        }
        await using (var sql = new FileStream(script, FileMode.Open, FileAccess.Read))
            await RunAsync("psql", ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--single-transaction", "--dbname", database, "--output=/dev/null", "--file=-"], sql, Stream.Null, cancel);
        var rows = new Dictionary<string, long>();
        foreach (var table in RestoredFleet.Tables) rows[table] = long.Parse(await AnswerAsync($"SELECT count(*) FROM public.{table}", cancel), CultureInfo.InvariantCulture);
        return rows;
    }

    private async Task<string> AnswerAsync(string question, CancellationToken cancel)
    {
        using var answer = new MemoryStream();
        await RunAsync("psql", ["--no-psqlrc", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1", "--dbname", database, "--command", question], Stream.Null, answer, cancel);
        return System.Text.Encoding.UTF8.GetString(answer.ToArray()).Trim();
    }

    private async Task RunAsync(string tool, string[] arguments, Stream input, Stream output, CancellationToken cancel)
    {
        string[] words = [.. before, tool, .. arguments];
        using var process = Start(new ProcessStartInfo(words[0], words[1..]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true });
        await using var stop = cancel.Register(() => process.Kill(entireProcessTree: true));
        var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        var fed = FeedAsync(process, input);
        await process.StandardOutput.BaseStream.CopyToAsync(output, CancellationToken.None);
        await fed;
        await process.WaitForExitAsync(CancellationToken.None);
        cancel.ThrowIfCancellationRequested();
        if (process.ExitCode != 0) throw new IOException($"{tool} says of the database '{database}': {(await errors).Trim().ReplaceLineEndings(" ")}");
    }

    private static async Task FeedAsync(Process process, Stream input)
    {
        try
        {
            await using var to = process.StandardInput.BaseStream;
            await input.CopyToAsync(to);
        }
        catch (IOException)
        {
            // It has ended early, and says why.
        }
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new IOException($"{start.FileName} does not start ({e.Message}): apt-get install postgresql-client, of the server's version or a newer one; or --postgres-run names where it is.");
        }
    }

    [GeneratedRegex(@"^postgres(ql)?://[^/?#]*:[^/?#]*@|(^|[\s?&])(ssl)?password\s*=", RegexOptions.CultureInvariant)]
    private static partial Regex Password();
}
