using System.CommandLine;
using System.Globalization;
using CvOps.Cli.Output;
using CvOps.Contracts.Api;

namespace CvOps.Cli.Commands;

/// <summary>The fleet's registry of models: <c>cvops model push</c>, <c>list</c>, <c>gate</c>.</summary>
internal static class ModelRegistryCommands
{
    public static Command Push(FleetCommand on)
    {
        var package = ModelCommands.Package();
        return on.On(new Command("push", "Register a package with the fleet.") { package }, async (parsed, fleet, screen, ct) =>
        {
            var file = parsed.GetValue(package)!;
            ModelView model;
            try
            {
                model = await fleet.PushModel(file.FullName, ct, sent => Progress.Show(string.Create(CultureInfo.InvariantCulture, $"sending {sent / 1e6:N0} of {file.Length / 1e6:N0} MB")));
            }
            finally
            {
                Progress.End();
            }
            screen.One(model, ("model", $"{model.Model.Name} {model.Model.Version}"), ("digest", model.Model.Digest), ("signed by", model.SignedBy));
        });
    }

    public static Command Pull(FleetCommand on)
    {
        var model = new Argument<string>("model") { Description = ModelReference.Help };
        var target = new Option<FileInfo?>("--out") { Description = "Where the package goes; default: NAME-VERSION.cvmodel here." };
        return on.On(new Command("pull", "Save a registered package as a file.") { model, target }, async (parsed, fleet, screen, ct) =>
        {
            var view = ModelReference.Find(await fleet.Get<ModelView[]>("models", ct), parsed.GetValue(model)!);
            var file = parsed.GetValue(target) ?? new FileInfo($"{view.Model.Name}-{view.Model.Version}.cvmodel");
            var part = file.FullName + ".part";
            try
            {
                await using (var stream = new CountingStream(File.Create(part), bytes => Progress.Show(string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:N0} of {view.Bytes / 1e6:N0} MB"))))
                    await fleet.Download($"models/{view.Model.Digest}/package", stream, ct);
                // Under its name when it is whole.
                File.Move(part, file.FullName, overwrite: true);
            }
            finally
            {
                Progress.End();
                File.Delete(part);
            }
            screen.One(view, ("file", file.FullName), ("model", $"{view.Model.Name} {view.Model.Version}"), ("digest", view.Model.Digest));
        });
    }

    public static Command List(FleetCommand on) => on.Watched(new Command("list", "Every registered model; 'model show' and --json have more of each."), ["model"], async (_, fleet, screen, ct) =>
        screen.Table(await fleet.Get<ModelView[]>("models", ct), "No model is registered yet: 'cvops model push x.cvmodel'.",
            ("model", model => $"{model.Model.Name} {model.Model.Version}"), ("task", model => $"{model.Task}"), ("gate", model => $"{model.Gate?.Verdict.ToString() ?? "-"}"), ("aliases", model => model.Revoked is not null ? "revoked" : model.Lost ? "file lost" : string.Join(' ', model.Aliases)), ("digest", model => model.Model.Digest[..12])));

    public static Command Gate(FleetCommand on)
    {
        var digest = new Argument<string>("digest") { Description = "Digest of a registered model." };
        var champion = new Option<string>("--champion") { Description = "Digest of the model in charge.", Required = true };
        var margin = new Option<double>("--margin") { Description = "Loss of accuracy that is still acceptable.", DefaultValueFactory = _ => new GateRequest("").NonInferiorityMargin };
        var latency = new Option<double>("--latency") { Description = "How many times the champion's milliseconds a part may take.", DefaultValueFactory = _ => new GateRequest("").MostLatency };
        var bytes = new Option<double>("--bytes") { Description = "How many times the champion's bytes the package may have.", DefaultValueFactory = _ => new GateRequest("").MostBytes };
        return on.On(new Command("gate", "Compare a model with the champion on the golden set.") { digest, champion, margin, latency, bytes }, async (parsed, fleet, screen, ct) =>
        {
            var result = await fleet.Post<GateRequest, GateResult>($"models/{parsed.GetValue(digest)}/gate", new GateRequest(parsed.GetValue(champion)!, parsed.GetValue(margin), MostLatency: parsed.GetValue(latency), MostBytes: parsed.GetValue(bytes)), ct);
            screen.One(result, ("verdict", $"{result.Verdict}"), ("because", result.Reason),
                ("accuracy", string.Create(CultureInfo.InvariantCulture, $"{result.ChampionAccuracy:0.000} -> {result.ChallengerAccuracy:0.000} on {result.Frames} golden frames")),
                ("refused on", string.Join(", ", result.Slices.Where(slice => slice.Verdict == GateVerdict.Refused).Select(slice => $"{slice.Kind} {slice.Slice}")) is { Length: > 0 } worse ? worse : "-"),
                ("calibration error", result.Calibration is { } calibration ? string.Create(CultureInfo.InvariantCulture, $"{calibration.ChampionError:0.000} -> {calibration.ChallengerError:0.000}") : "-"),
                ("a part", result.Cost is { } cost ? string.Create(CultureInfo.InvariantCulture, $"{cost.ChampionMs:0.00} -> {cost.ChallengerMs:0.00} ms here, {cost.ChampionBytes} -> {cost.ChallengerBytes} bytes") : "-"),
                ("in production", result.Production is { Challenger: { } young, Champion: { } old } ? string.Create(CultureInfo.InvariantCulture, $"{old.Estimate:0.000} -> {young.Estimate:0.000} [{young.Lower:0.000}, {young.Upper:0.000}]") : result.Production?.Note),
                ("changed", $"{result.ChangedFrames} frames, {result.Changed.Count(frame => frame.Lost)} of those listed lost"));
            if (result.Verdict != GateVerdict.Passed) throw new CliException($"{result.Verdict}: {result.Reason}");
        });
    }
}
