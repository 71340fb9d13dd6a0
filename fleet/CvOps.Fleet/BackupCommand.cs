using System.Data.Common;
using System.Globalization;
using System.Runtime.InteropServices;
using CvOps.Contracts.Identity;
using CvOps.Fleet.Storage.Backup;

namespace CvOps.Fleet;

/// <summary><c>cvops-fleet backup</c>, <c>backup list</c>, <c>backup check</c> and <c>restore</c>; <c>cvops</c> hands its commands of these names over.</summary>
internal static class BackupCommand
{
    public const string Help = """
        cvops backup:  a fleet's databases, pictures, packages and keys into a repository, while the fleet runs.
        cvops restore: such a backup into an empty folder, before a fleet starts on it.

          cvops backup         --repository R --password-file F [--data DIR] [--keep-daily N] [--keep-weekly N] [--keep-monthly N]
          cvops backup list    --repository R --password-file F
          cvops backup check   --repository R --password-file F
          cvops restore [ID]   --repository R --password-file F [--data DIR]
          each of them for a fleet on PostgreSQL: [--postgres DB [--postgres-run "WORDS"]]

          --repository R     where backups are kept, as restic names it: a folder, sftp:user@host:/folder, s3:https://host/bucket;
                             made when there is none ($RESTIC_REPOSITORY)
          --password-file F  its first line opens the repository; nobody reads a backup without it, so keep a copy elsewhere
                             ($RESTIC_PASSWORD_FILE). To make one: (umask 077; openssl rand -base64 32 > FILE)
          --data DIR         the fleet's folder (cvops-data); of cvops up it is artifacts/up/fleet
          --postgres DB      where the databases are in PostgreSQL: a connection as libpq names it, "user=cvops dbname=cvops" or a URI; to
                             restore into, an empty database. The password is in the file that $PGPASSFILE names
          --postgres-run W   words before pg_dump, pg_restore and psql, where they are not on this machine:
                             "docker compose exec -T postgres /etc/cvops/with-password.sh"
          --keep-daily N     of the last N days, weeks, months that have a backup the newest stays; others go. Without any all stay
          ID                 of 'cvops backup list'; the newest without it

        A backup stores what no earlier one has. It is encrypted before it leaves this machine, by restic, whose own program reads
        it as well. Keys outside of DIR (the authority, the fleet's certificates, --signing-key) are not in it: keep copies of them.
        A restored fleet tells no device anything until a person ends its emergency stop: cvops rollout lift-stop --reason TEXT.
        Exit codes: 0 done, 1 not (a restore leaves nothing then), 78 a mistake in what was asked, 130 stopped by Ctrl-C.
        """;

    private const int ConfigurationMistake = 78;
    private const int Interrupted = 130;
    private static readonly string[] Values = ["--repository", "--password-file", "--postgres", "--postgres-run", "--keep-daily", "--keep-weekly", "--keep-monthly"];

    public static bool IsMeant(string[] args) => args is ["backup" or "restore", ..];

    /// <returns>Exit code, as <see cref="Help"/> has them.</returns>
    public static async Task<int> RunAsync(string[] args, string workingFolder, TextWriter output, TextWriter errors)
    {
        if (args.Contains("--help"))
        {
            output.WriteLine(Help);
            return 0;
        }
        var (asked, mistakes) = Parse(args, workingFolder);
        if (asked is null)
        {
            foreach (var mistake in mistakes) errors.WriteLine($"cvops: {mistake}");
            return ConfigurationMistake;
        }
        using var stop = new CancellationTokenSource();
        using var ctrlC = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        try
        {
            await RunAsync(asked, output, errors, stop.Token);
            return 0;
        }
        catch (OperationCanceledException)
        {
            errors.WriteLine($"cvops: {asked.Verb} was stopped; {(asked.Verb == "restore" ? "nothing of it was kept" : "earlier backups are as they were")}.");
            return Interrupted;
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException or DbException)
        {
            errors.WriteLine($"cvops: {e.Message}");
            return 1;
        }

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stop.Cancel();
        }
    }

    private static async Task RunAsync(Asked asked, TextWriter output, TextWriter errors, CancellationToken cancel)
    {
        var repository = asked.Repository;
        switch (asked.Verb)
        {
            case "list":
                foreach (var backup in await repository.ListAsync(cancel)) output.WriteLine($"{backup.Id[..8]}  {backup.Time.ToUniversalTime():u}  {backup.Hostname}:{string.Join(' ', backup.Paths)}");
                break;
            case "check":
                await repository.CheckAsync(cancel);
                output.WriteLine("Every piece of every backup was read, and is as it was written.");
                break;
            case "restore":
                var restored = await new FleetRestore(asked.Data, asked.Postgres, repository, TimeProvider.System).RunAsync(asked.Id, cancel);
                output.WriteLine($"{asked.Data} is the fleet of {restored.At:u} again:");
                foreach (var (table, rows) in restored.Rows) output.WriteLine($"{rows,12} {table}");
                output.WriteLine("Start it. What devices reported since is not in it. Compare what they run with what it wants of them (cvops devices list), then let it speak to them: cvops rollout lift-stop --reason TEXT");
                break;
            default:
                var taken = await new FleetBackup(asked.Data, asked.Postgres, repository, TimeProvider.System).RunAsync(Progress(errors), cancel);
                if (taken.NewRepository) output.WriteLine($"Made a new repository: nobody reads it without {asked.PasswordFile}. Keep a copy of that elsewhere.");
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{taken.Id}: the fleet of {taken.At:u}, {taken.Files} files of {taken.Bytes / 1e6:0.0} MB; {taken.Added / 1e6:0.0} MB of it were new."));
                if (asked.Keep.Length > 0) await repository.ForgetAsync(asked.Keep, cancel);
                break;
        }
    }

    /// <summary>A line that is drawn over itself, on a terminal alone.</summary>
    private static Action<double> Progress(TextWriter errors) => Console.IsErrorRedirected
        ? _ => { }
        : share => errors.Write(share < 1 ? string.Create(CultureInfo.InvariantCulture, $"\r{100 * share,3:0} % ") : "\r      \r");

    private static (Asked? Asked, IReadOnlyList<string> Mistakes) Parse(string[] args, string workingFolder)
    {
        List<string> mistakes = [], rest = [];
        var given = new Dictionary<string, string>();
        var verb = args is ["backup", "list" or "check", ..] ? args[1] : args[0];
        var id = args is ["restore", var named, ..] && !named.StartsWith("--", StringComparison.Ordinal) ? named : null;
        for (var i = verb != args[0] || id is not null ? 2 : 1; i < args.Length; i++)
        {
            var (name, value) = args[i].Split('=', 2) is [var left, var right] ? (left, right) : (args[i], null);
            if (!Values.Contains(name)) rest.Add(args[i]);
            else if ((value ?? (i + 1 < args.Length ? args[++i] : null)) is not { } set) mistakes.Add($"{name} needs a value.");
            else if (name.StartsWith("--keep", StringComparison.Ordinal) && !(int.TryParse(set, CultureInfo.InvariantCulture, out var count) && count > 0)) mistakes.Add($"{name} {set}: a whole number above 0 is needed.");
            else given[name] = set;
        }
        var (options, wrong) = CommandLine.Data([.. rest], workingFolder);
        mistakes.AddRange(wrong.Select(mistake => mistake.Replace("cvops-fleet; --help", $"'cvops {args[0]}'; its --help", StringComparison.Ordinal)));
        var repository = given.GetValueOrDefault("--repository") ?? Environment.GetEnvironmentVariable("RESTIC_REPOSITORY");
        var password = given.GetValueOrDefault("--password-file") ?? Environment.GetEnvironmentVariable("RESTIC_PASSWORD_FILE");
        if (repository is null) mistakes.Add("--repository says where backups are kept: a folder on another disk, sftp:user@host:/folder, s3:https://host/bucket.");
        if (password is null) mistakes.Add("--password-file names the file whose first line opens the repository. To make one: (umask 077; openssl rand -base64 32 > FILE)");
        else if (!File.Exists(password)) mistakes.Add($"There is no {password}. To make one: (umask 077; openssl rand -base64 32 > {password})");
        else if (SecretFile.Problem(password) is { } open) mistakes.Add(open.Replace("private key", "password file", StringComparison.Ordinal));
        var database = given.GetValueOrDefault("--postgres");
        if (options.Cluster is not null && database is null && verb is ("backup" or "restore")) mistakes.Add("This fleet's databases are in PostgreSQL: --postgres names them, as \"host=... user=cvops dbname=cvops\".");
        if (database is not null && PostgresTools.HoldsPassword(database))
            mistakes.Add("--postgres holds a password, which everybody on this machine could read among its processes: write HOST:PORT:DATABASE:USER:PASSWORD into a file of mode 0600, and its path into PGPASSFILE.");
        if (database is null && given.ContainsKey("--postgres-run")) mistakes.Add("--postgres-run needs --postgres, the database.");
        if (database is not null && verb == "backup" && !Directory.Exists(options.Data)) mistakes.Add($"There is no folder {options.Data}: --data names the one with the fleet's pictures, packages and keys.");
        if (verb == "backup" && options.Cluster is null && database is null && !File.Exists(Path.Combine(options.Data, "fleet.db"))) mistakes.Add($"There is no fleet's data in {options.Data}: name its folder with --data.");
        if (mistakes.Count > 0) return (null, mistakes);
        var full = Path.GetFullPath(password!, workingFolder);
        var place = repository!.Contains(':', StringComparison.Ordinal) ? repository : Path.GetFullPath(repository, workingFolder);
        var keep = given.Where(option => option.Key.StartsWith("--keep", StringComparison.Ordinal)).SelectMany(option => (string[])[option.Key, option.Value]);
        var postgres = database is null ? null : new PostgresTools(database, given.GetValueOrDefault("--postgres-run")?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? []);
        return (new Asked(verb, id ?? "latest", Path.GetFullPath(options.Data, workingFolder), postgres, new Restic(place, full), full, [.. keep]), []);
    }

    private sealed record Asked(string Verb, string Id, string Data, PostgresTools? Postgres, Restic Repository, string PasswordFile, string[] Keep);
}
