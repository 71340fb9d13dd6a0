using CvOps.Agent.Configuration;
using CvOps.Agent.Configuration.Remote;
using CvOps.Agent.Update;
using CvOps.Agent.Update.Import;
using CvOps.Contracts.Doctor;

namespace CvOps.Agent.Doctor;

/// <summary>Every check of a device, one after the other: what comes later often fails for what came before.</summary>
internal static class Checkup
{
    private const double Megabyte = 1e6;

    /// <param name="path">The agent's configuration.</param>
    /// <param name="fleet">The fleet's address; null: the one that models came from, if any did.</param>
    public static async Task<DoctorReport> RunAsync(string path, Uri? fleet, TimeProvider time, CancellationToken cancel)
    {
        var findings = new List<DoctorFinding>();
        var running = RunningAgent.Find(path);
        if (Configuration(path, findings) is not { } options) return new DoctorReport(time.GetUtcNow(), findings);
        findings.Add(DoctorFinding.Ok("agent", running is { } process ? $"it runs as process {process}" : "it does not run now"));
        ActAsOwner(options, findings);
        await new BrokerCheck(options, path, running, time).RunAsync(findings, cancel);
        CertificateCheck.Run(options, path, time.GetUtcNow(), findings);
        findings.Add(DoctorRules.Clock("clock", KernelClock.IsSynchronised()));
        Disk(options, findings);
        await CameraCheck.RunAsync(options, running, findings, cancel);
        await new ModelCheck(options, path, time).RunAsync(findings);
        await FleetCheck.RunAsync(fleet ?? UpdateJournal.Peek(Path.Combine(options.Data, "update.json"))?.Target?.Url, options.Link.Ca, findings, time, cancel);
        return new DoctorReport(time.GetUtcNow(), findings);
    }

    private static AgentOptions? Configuration(string path, List<DoctorFinding> findings)
    {
        const string check = "configuration";
        try
        {
            var file = ConfigurationFile.Text(path);
            var own = ConfigurationFile.Parse(file);
            var journal = ConfigurationJournal.Peek(ConfigurationJournal.PathIn(own.Data));
            var start = EffectiveOptions.Start(file, journal?.Active);
            findings.Add(DoctorFinding.Ok(check, $"{path} is in order: {start.Options.Site} / {start.Options.Device}, {start.Options.Cameras.Count} {(start.Options.Cameras.Count == 1 ? "camera" : "cameras")}{(journal?.InForce is null ? "" : ", and the fleet's settings over it")}"));
            return start.Options;
        }
        catch (ConfigurationException e)
        {
            foreach (var mistake in e.Mistakes) findings.Add(DoctorFinding.Fail(check, $"{path}: {mistake}".TrimEnd('.'), $"Correct {path}; 'cvops-agent check --config {path}' says when it is right."));
            return null;
        }
    }

    /// <summary>What root may do says nothing of what the service may.</summary>
    private static void ActAsOwner(AgentOptions options, List<DoctorFinding> findings)
    {
        if (!Directory.Exists(options.Data)) return;
        try
        {
            FolderOwner.ActAs(options.Data);
        }
        catch (IOException e)
        {
            findings.Add(DoctorFinding.Warn("user", e.Message.TrimEnd('.'), $"Run this as the service's user: sudo -u cvops cvops-agent {DoctorCommand.Verb}."));
        }
    }

    private static void Disk(AgentOptions options, List<DoctorFinding> findings)
    {
        var spool = options.Spool.Folder ?? Path.Combine(options.Data, "spool");
        // The spool's folder is made at the first start; before that its parent counts.
        foreach (var folder in new[] { options.Data, Directory.Exists(spool) ? spool : Path.GetDirectoryName(Path.GetFullPath(spool))! }.Distinct())
        {
            var need = (long)(Update.Preflight.PreflightRule.DiskReserve + 0.1 * options.Spool.BudgetMegabytes * Megabyte);
            findings.Add(DoctorRules.Disk("disk", DiskProbe.Try(folder), need, (long)(options.Spool.BudgetMegabytes * Megabyte),
                $"Make room under {folder}, or give the spool less with spool: budget-megabytes (it is {options.Spool.BudgetMegabytes})."));
        }
    }
}
