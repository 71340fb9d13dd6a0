using CvOps.Agent.Configuration.Remote;
using CvOps.Agent.Programs;
using CvOps.Agent.Reports;
using CvOps.Agent.Update;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;

namespace CvOps.Agent.Configuration;

/// <summary>The verb <c>status</c>: what the agent's journals say, for whoever stands at the machine, whether the agent runs or not. Reads only.</summary>
internal static class StatusCommand
{
    public static void Run(AgentOptions own, string path, TextWriter output)
    {
        var update = UpdateJournal.Peek(Path.Combine(own.Data, "update.json")) ?? new UpdateRecord();
        var configuration = ConfigurationJournal.Peek(ConfigurationJournal.PathIn(own.Data)) ?? new ConfigurationRecord();
        output.WriteLine($"device         {own.Site} / {own.Device}");
        var program = ProgramJournal.Peek(new ProgramFolder(own.Data).JournalPath) ?? new ProgramRecord();
        output.WriteLine($"program        {(program.In(program.Charge) is { } charge ? $"{charge.Version} from slot {program.Charge}; installed is {AgentVersion.Text}" : $"{AgentVersion.Text}, as installed")}{Changing(program)}");
        output.WriteLine($"model          {Named(update.Active)}, update {update.State}{Since(update.Since)}{Because(update.Reason)}");
        if (update is { State: UpdateState.Shadowing, Target: { Stage: ModelStage.Shadow } shadow }) output.WriteLine($"in shadow      {Named(shadow.Model)}");
        output.WriteLine($"configuration  {Whose(own, configuration, path)}, {configuration.State}{Since(configuration.Since)}{Because(configuration.Reason)}");
        if (!own.FleetSettings || configuration.InForce is not { } settings) return;
        output.WriteLine($"To overrule the fleet, write 'fleet-settings: false' into {path}. What it has set:");
        foreach (var line in settings.Settings.TrimEnd().Split('\n')) output.WriteLine($"  {line}");
    }

    private static string Changing(ProgramRecord program) => program.Target is not { } target ? "" : $"; change to {target.Version} {program.State}{Since(program.Since)}{Because(program.Reason)}";

    private static string Named(ModelRef? model) => model is null ? "none" : $"{model.Name} {model.Version} ({model.Digest[..12]})";

    private static string Whose(AgentOptions own, ConfigurationRecord now, string path) => !own.FleetSettings
        ? $"{path} alone, since it says 'fleet-settings: false'"
        : now.InForce is { } settings ? $"{path} and over it what the fleet has set ({settings.Digest[..12]})" : $"{path} alone";

    private static string Since(DateTimeOffset? since) => since is { } at ? $" since {at:u}" : "";

    private static string Because(string? reason) => reason is null ? "" : $": {reason}";
}
