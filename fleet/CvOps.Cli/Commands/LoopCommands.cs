using System.CommandLine;
using System.Globalization;
using CvOps.Contracts.Api;

namespace CvOps.Cli.Commands;

/// <summary>Drift, datasets, training and the audit log.</summary>
internal static class LoopCommands
{
    public static IEnumerable<Command> All(FleetCommand on)
    {
        yield return Drift(on);
        yield return FrameCommands.All(on);
        yield return LabelCommands.All(on);
        yield return DatasetCommands.Create(on);
        yield return TrainingCommands.Create(on);
        yield return AuditCommands.All(on);
    }

    private static Command Drift(FleetCommand on)
    {
        var drift = on.Watched(new Command("drift", "How each camera's world has moved, and the probable cause."), ["drift"], async (_, fleet, screen, ct) =>
            screen.Table(await fleet.Get<DriftView[]>("drift", ct), "No drift window has arrived yet: a camera reports its first after about a minute.",
                ("device", view => $"{view.Device}"), ("camera", view => $"{view.Camera}"), ("state", view => $"{view.State}"), ("cause", view => view.Cause ?? "-"), ("for", view => view.Route ?? "-"),
                ("psi", view => string.Join(' ', view.Covariates.OrderByDescending(covariate => covariate.Psi).Take(4).Select(covariate => string.Create(CultureInfo.InvariantCulture, $"{covariate.Covariate} {covariate.Psi:0.00}")))),
                ("explanation", view => view.Explanation)));
        var device = new Argument<string>("device");
        var camera = new Argument<string>("camera");
        var why = new Option<string?>("--reason") { Description = "Why, for the audit log." };
        drift.Add(on.On(new Command("accept", "What the camera shows from now on is how it shall be: ends its alarm and learns its baseline anew.") { device, camera, why }, async (parsed, fleet, screen, ct) =>
        {
            var detail = await fleet.Post<DriftAcceptance, DriftDetail>($"drift/{parsed.GetValue(device)}/{parsed.GetValue(camera)}/accept", new DriftAcceptance(Environment.UserName, parsed.GetValue(why)), ct);
            screen.One(detail, ("camera", $"{detail.View.Device}/{detail.View.Camera}"), ("state", $"{detail.View.State}"), ("explanation", detail.View.Explanation));
        }));
        drift.Add(DriftSliceCommand.Create(on));
        // For the list of commands: Program hands it to the agent before it comes here.
        drift.Add(new Command("compare", "How two recordings differ for a model, and why, without a fleet; see cvops drift compare --help.") { TreatUnmatchedTokensAsErrors = false });
        return drift;
    }
}
