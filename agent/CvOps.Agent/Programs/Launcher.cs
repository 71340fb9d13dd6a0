using CvOps.Agent.Configuration;
using CvOps.Agent.Health;
using CvOps.Contracts.Twin;
using YamlDotNet.RepresentationModel;

namespace CvOps.Agent.Programs;

/// <summary>
/// The first thing a start of the agent does: the installed program asks the journal which program is meant, and becomes it. Each start is in the journal before it is
/// made, so a program that ends, hangs or never gets ready is counted whatever becomes of it.
/// </summary>
internal static class Launcher
{
    private const int MostWords = 1000;

    /// <param name="arguments">Of this process, for the program that is started.</param>
    /// <returns>What this process is, when it stays what it is.</returns>
    public static ProgramLaunch Run(string[] arguments, string configuration, TextWriter problems)
    {
        var launch = ProgramLaunch.OfThisProcess();
        if (launch.Slot is not null || DataIn(configuration) is not { } data) return launch;
        var folder = new ProgramFolder(data);
        if (!File.Exists(folder.JournalPath)) return launch;
        var journal = ProgramJournal.Open(folder.JournalPath);
        if (journal.Problem is { } unusable) problems.WriteLine($"cvops-agent: {unusable}");
        for (var record = journal.Current; ;)
        {
            var before = record;
            (record, var run) = StartDecision.Choose(record, launch.Installed, DateTimeOffset.UtcNow);
            if (record != before && journal.TrySave(record) is { } refused)
            {
                problems.WriteLine($"cvops-agent: the journal of programs cannot be written ({refused}).");
                // A trial that can't be counted is not begun; what is in charge runs all the same.
                if (run == record.Trial) run = record.Charge;
            }
            if (record.State != before.State) problems.WriteLine($"cvops-agent: change of the program is {record.State}: {record.Reason}");
            if (run is not { } slot) return launch;
            var why = Start(slot);
            record = StartDecision.Refused(record, slot, why, DateTimeOffset.UtcNow);
            problems.WriteLine($"cvops-agent: {why}");
            _ = journal.TrySave(record);

            // Returns only when it could not.
            string Start(ProgramSlot slot)
            {
                var content = record.In(slot);
                if (folder.EntryOf(slot, content, out var problem) is not { } entry) return $"The program {content?.Version} in slot {slot} is not started: {problem}.";
                if (entry.EndsWith(".dll", StringComparison.Ordinal) && ProgramExec.DotNet is null) return $"The program {content?.Version} in slot {slot} is not started: it has no .NET of its own.";
                problems.WriteLine($"cvops-agent: starting {content!.Version} from slot {slot}{(record.Trial == slot ? $", start {record.Starts} of {StartDecision.TrialStarts} on trial" : "")}");
                problems.Flush();
                return $"The program {content.Version} in slot {slot} could not be started: {ProgramExec.Replace(ProgramExec.Command(entry, arguments), (launch with { Slot = slot }).Variables)}.";
            }
        }
    }

    /// <summary>After the host's end: the agent starts anew, by the launcher's choice. Under systemd by its hand, which also measures the time that a start takes; elsewhere at once and as the same process.</summary>
    /// <returns>The exit code.</returns>
    public static int Again(ProgramLaunch launch, string[] arguments, TextWriter problems)
    {
        if (ServiceManager.IsUnderSystemd) return 0;
        problems.Flush();
        var why = ProgramExec.Replace(ProgramExec.Command(launch.InstalledEntry, arguments), (launch with { Slot = null }).Variables);
        problems.WriteLine($"cvops-agent: {launch.InstalledEntry} could not be started anew: {why}.");
        return 1;
    }

    /// <summary>Keeps why a program on trial ends by itself, for whoever asks later why it was taken back.</summary>
    /// <returns>False for any other program.</returns>
    public static bool LastWords(ProgramLaunch launch, string configuration, string words)
    {
        if (launch.Slot is not { } slot || DataIn(configuration) is not { } data || !File.Exists(new ProgramFolder(data).JournalPath)) return false;
        var journal = ProgramJournal.Open(new ProgramFolder(data).JournalPath);
        if (journal.Current is not { State: ProgramState.Trial, Trial: { } trial } || trial != slot) return false;
        _ = journal.TrySave(journal.Current with { LastWords = words.Length > MostWords ? words[..MostWords] : words });
        return true;
    }

    /// <summary>The state folder, and nothing else of the file: a newer program may know keys that this one does not.</summary>
    /// <returns>Null when the file can't be read: the agent says why right after.</returns>
    private static string? DataIn(string configuration)
    {
        try
        {
            var root = ConfigurationFile.Read(ConfigurationFile.Text(configuration));
            return root.Children.FirstOrDefault(child => child.Key is YamlScalarNode { Value: "data" }).Value switch
            {
                YamlScalarNode { Value: { Length: > 0 } data } => data,
                null => AgentOptions.DefaultData,
                _ => null,
            };
        }
        catch (ConfigurationException)
        {
            return null;
        }
    }
}
