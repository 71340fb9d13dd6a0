using System.CommandLine;
using System.Net.Http.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;

namespace CvOps.Cli.Commands;

/// <summary><c>cvops dataset synthesize</c>: frames that no camera took, for training alone.</summary>
internal static class SynthesizeCommand
{
    public static Command Create(FleetCommand on)
    {
        var kind = new Argument<string>("kind") { Description = "augment: mirror, exposure, noise, blur. cut-paste: defects that were drawn, into pictures that have none." };
        kind.AcceptOnlyFromAmong("augment", "cut-paste");
        var count = new Option<int>("--count") { Description = "How many.", Required = true };
        var seed = new Option<int>("--seed") { Description = "The same seed and frames make the same pictures.", DefaultValueFactory = _ => 1 };
        var name = new Option<string?>("--class") { Description = "Augment frames, or paste defects, of this class alone." };
        var device = new Option<string?>("--device") { Description = "Frames of this device alone." };
        var operations = new Option<string?>("--operations") { Description = "Some of mirror,exposure,noise,blur; all without it." };
        var onto = new Option<string?>("--onto") { Description = "Class of the pictures to paste into; without it those that are OK or show nothing." };
        return on.On(new Command("synthesize", "Make synthetic frames from labelled training frames; they are marked, and never golden.") { kind, count, seed, name, device, operations, onto }, async (parsed, fleet, screen, ct) =>
        {
            var request = new SynthesisRequest(parsed.GetValue(kind) == "augment" ? SyntheticKind.Augmentation : SyntheticKind.CutPaste, parsed.GetValue(count), Environment.UserName)
            {
                Seed = parsed.GetValue(seed), Class = parsed.GetValue(name), Device = parsed.GetValue(device) is { } id ? new DeviceId(id) : null,
                Operations = parsed.GetValue(operations)?.Split(',', StringSplitOptions.TrimEntries), Onto = parsed.GetValue(onto),
            };
            var done = await DatasetCommands.FollowAsync(fleet.PostLines<DatasetLine>("frames/synthesize", JsonContent.Create(request, ContractsJson.Default.SynthesisRequest), ct));
            screen.One(done.Made!, ("made", $"{done.Made!.Made} frames"), ("here already", $"{done.Made.Known}"), ("classes", string.Join(' ', done.Made.Classes.Select(pair => $"{pair.Key}:{pair.Value}"))));
        });
    }
}
