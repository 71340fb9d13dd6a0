using System.CommandLine;
using CvOps.Contracts.Api;

namespace CvOps.Cli.Commands;

/// <summary><c>cvops frames add</c>: pictures from this machine become frames.</summary>
internal static class FrameAddCommand
{
    public static Command Create(FleetCommand on)
    {
        var pictures = new Argument<FileInfo[]>("pictures") { Description = "JPEG files.", Arity = ArgumentArity.OneOrMore };
        pictures.AcceptExistingOnly();
        var name = new Option<string?>("--class") { Description = "What they show; without it they wait for a label." };
        var verdict = new Option<PartVerdict?>("--verdict") { Description = "ok or ng: whether the part is good." };
        var use = new Option<FrameUse>("--use") { Description = "training, or golden for those that judge models.", DefaultValueFactory = _ => FrameUse.Training };
        var part = new Option<string?>("--part") { Description = "The part that they show." };
        return on.On(new Command("add", "Bring pictures in as frames; whole datasets: 'cvops dataset import'.") { pictures, name, verdict, use, part }, async (parsed, fleet, screen, ct) =>
        {
            List<FrameView> added = [];
            foreach (var picture in parsed.GetValue(pictures)!)
                added.Add(await fleet.Post<FrameImport, FrameView>("frames", new FrameImport(await File.ReadAllBytesAsync(picture.FullName, ct), parsed.GetValue(name), Environment.UserName,
                    parsed.GetValue(use), parsed.GetValue(part), Verdict: parsed.GetValue(verdict)), ct));
            screen.Table(added, "", ("frame", frame => frame.Id), ("state", frame => $"{frame.State}"), ("use", frame => $"{frame.Use}"), ("picture", frame => $"{frame.Width}x{frame.Height}"));
        });
    }
}
