using System.CommandLine;
using System.Diagnostics;
using CvOps.Cli.Commands;
using CvOps.Cli.Demo.Loop;
using CvOps.Cli.Output;
using CvOps.Cli.Up;
using Spectre.Console;

namespace CvOps.Cli.Demo;

/// <summary><c>cvops demo</c>: the story, as processes, against a stack of its own on free ports.</summary>
internal static class DemoCommand
{
    public static Command Create()
    {
        var steel = new Option<bool>("--steel") { Description = "Play real steel-line videos instead of the simulator; CVOPS_DATA names the folder with the data." };
        var loop = new Option<bool>("--loop") { Description = "From a doubtful frame to a better model on real steel, round by round, beside labels drawn by lot; needs CVOPS_DATA." };
        var data = new Option<string>("--data") { Description = "Folder for the demo's state and logs; emptied first.", DefaultValueFactory = _ => Path.Combine("artifacts", "demo", "stack") };
        var report = new Option<string>("--report") { Description = "Where the report goes.", DefaultValueFactory = _ => Path.Combine("artifacts", "demo", "report.json") };
        var demo = new Command("demo", "Turn the whole loop once and show the figures: install, drift, label, retrain, promote, stop.") { steel, loop, data, report };
        demo.SetAction((parsed, ct) => FleetCommand.Guard(async () =>
        {
            var folder = parsed.GetValue(data)!;
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
            if (parsed.GetValue(steel) && parsed.GetValue(loop)) throw new CliException("A demo tells one story: --steel or --loop.", ExitCodes.Configuration);
            return await Play(parsed.GetValue(steel) ? "steel" : parsed.GetValue(loop) ? "loop" : "line", folder, parsed.GetValue(report)!, ct);
        }));
        return demo;
    }

    private static async Task<int> Play(string name, string folder, string reportFile, CancellationToken ct)
    {
        var started = Stopwatch.GetTimestamp();
        var console = Terminal.Open();
        var story = new Story(console);
        if (name == "steel") await SteelStory.Play(folder, story, Tell, ct);
        else if (name == "loop") await LoopStory.Play(folder, Path.ChangeExtension(reportFile, ".svg"), story, Tell, ct);
        else
        {
            var simulatorPort = Ports.Free();
            var options = new StackOptions(folder, Ports.Free(), Ports.Free(), simulatorPort, DeviceSpec.SimulatedLines(4, simulatorPort)) { FramesPerHour = 7200, AuditProbability = 0.15 };
            await using var stack = await Stack.Start(options, Tell, ct);
            console.MarkupLineInterpolated($"Dashboard while it runs: {stack.Fleet.Fleet}");
            await new LineStory(stack, story).Tell(ct);
        }
        await story.Always("clean-up", "Everything is stopped and no process is left behind", figures =>
        {
            var left = Leftovers.Of(folder);
            figures.Say("processes left", $"{left.Count}");
            Figures.Require(left.Count == 0, string.Join("; ", left));
            return Task.CompletedTask;
        }, ct);
        new DemoReport(name, DateTimeOffset.UtcNow, Stopwatch.GetElapsedTime(started).TotalSeconds, story.Passed, story.Failed, story.Steps).Save(reportFile);
        console.MarkupLineInterpolated($"Report: {reportFile}   time: {Stopwatch.GetElapsedTime(started):m\\:ss}");
        console.WriteLine($"demo: {story.Passed} steps passed, {story.Failed} failed");
        return story.Failed == 0 ? ExitCodes.Ok : ExitCodes.Failed;
    }

    private static void Tell(string message) => Console.Error.WriteLine($"    {message}");
}
