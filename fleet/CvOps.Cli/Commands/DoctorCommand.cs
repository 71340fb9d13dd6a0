using System.CommandLine;
using CvOps.Contracts.Api;
using CvOps.Contracts.Doctor;

namespace CvOps.Cli.Commands;

/// <summary><c>cvops doctor</c>: is the fleet reached, am I let in, do the clocks agree; then what the fleet finds of itself.</summary>
internal static class DoctorCommand
{
    private const int TooManyRequests = 429;
    private const int NotSignedIn = 401;
    private const int NotAllowed = 403;

    public static Command Create(FleetCommand on) => on.On(new Command("doctor", "Look at everything the fleet needs (address, token, clocks, broker, certificates, disk, database, models) and say how to mend what is broken. On a device: cvops-agent doctor."), async (_, fleet, screen, ct) =>
    {
        var findings = new List<DoctorFinding>();
        if (await Reached(fleet, findings, ct) && await LetIn(fleet, findings, ct)) await Ask(fleet, findings, ct);
        var report = new DoctorReport(DateTimeOffset.UtcNow, findings);
        screen.Text(report, DoctorText.Of(report));
        if (!report.Healthy) throw new QuietFailure();
    });

    private static async Task<bool> Reached(FleetClient fleet, List<DoctorFinding> findings, CancellationToken ct)
    {
        const string check = "fleet";
        try
        {
            var (status, said, before, after) = await fleet.Knock(ct);
            findings.Add(status == 200
                ? DoctorFinding.Ok(check, $"{fleet.Fleet} answers in {(after - before).TotalMilliseconds:0} ms")
                : DoctorFinding.Fail(check, $"{fleet.Fleet} answers {status}, which no fleet does", "Name the fleet manager's own address with --fleet or CVOPS_FLEET; a proxy before it has to pass everything on."));
            if (said is { } theirs && FleetClock.Of(theirs, before, after) is var (ahead, uncertainty)) findings.Add(DoctorRules.Offset("clock", ahead, uncertainty, "the fleet's"));
            return status == 200;
        }
        catch (CliException e)
        {
            findings.Add(DoctorFinding.Fail(check, e.Message.Split(". Start one", 2)[0], fleet.Fleet.IsLoopback
                ? "Start it: 'cvops up' for all of it on this machine, or systemctl start cvops-fleet (journalctl -u cvops-fleet says what keeps it from starting); or name another with --fleet."
                : $"See whether it runs there (systemctl status cvops-fleet) and whether a firewall lets this machine through: curl -v {fleet.Fleet}healthz."));
            return false;
        }
    }

    private static async Task<bool> LetIn(FleetClient fleet, List<DoctorFinding> findings, CancellationToken ct)
    {
        const string check = "token";
        try
        {
            var who = await fleet.Get<WhoView>("who", ct);
            findings.Add(DoctorFinding.Ok(check, $"you are {who.Name} and may {string.Join(", ", who.Permissions)}{(who.Sites is { } sites ? $" on {string.Join(", ", sites)}" : "")}"));
            return true;
        }
        catch (CliException e) when (e.Status is { } status)
        {
            findings.Add(DoctorFinding.Fail(check, e.Message.TrimEnd('.'), status == TooManyRequests
                ? "Wait a minute, then try again with the right token."
                : $"Sign in: cvops login --fleet {fleet.Fleet.ToString().TrimEnd('/')} --name YOU (CVOPS_TOKEN and --token go before it: unset a wrong one)."));
            return false;
        }
    }

    private static async Task Ask(FleetClient fleet, List<DoctorFinding> findings, CancellationToken ct)
    {
        try
        {
            findings.AddRange((await fleet.Get<DoctorReport>("doctor", ct)).Findings);
        }
        catch (CliException e) when (e.Status is NotAllowed or NotSignedIn)
        {
            findings.Add(DoctorFinding.Warn("rights", "you may not look into this fleet", "Ask an administrator for a role that may: cvops account grant YOU operator."));
        }
        catch (CliException e) when (e.Status is not null)
        {
            findings.Add(DoctorFinding.Fail("fleet", e.Message.TrimEnd('.'), "Read the fleet's log: journalctl -u cvops-fleet; a fleet of an earlier version has no doctor."));
        }
    }
}
