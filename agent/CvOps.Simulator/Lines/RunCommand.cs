using System.CommandLine;
using System.Net;

namespace CvOps.Simulator.Lines;

/// <summary><c>cvops-simulator run</c>.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        var lines = new Option<string>("--lines") { Description = "Names of the lines, comma separated.", DefaultValueFactory = _ => "line-1" };
        var port = new Option<int>("--port") { Description = "HTTP port; 0 takes a free one.", DefaultValueFactory = _ => 8600 };
        var address = new Option<string>("--address") { Description = "Address to listen on; the loopback unless other machines shall see the lines.", DefaultValueFactory = _ => "127.0.0.1" };
        var fps = new Option<int>("--fps") { Description = "Parts a second, one a frame.", DefaultValueFactory = _ => 5 };
        var command = new Command("run", """
            Runs lines and serves them over HTTP:
              GET  /lines                            state of all lines
              GET  /lines/LINE/video                 H.264 as MPEG-TS, key frame every second
              GET  /lines/LINE/truth/SERIAL          class of one part, and the lamp it was drawn under
              GET  /lines/LINE/truth?after=&limit=   the same for many
              POST /lines/LINE/drift                 {"lamp": 0.45, "blur": 1.5, "product": "flange", "rampSeconds": 20}
            """)
        {
            lines, port, address, fps, SharedOptions.Seed, SharedOptions.Size, SharedOptions.Defects, SharedOptions.Ffmpeg,
        };
        command.SetAction(async (parsed, cancel) =>
        {
            var (width, height) = SharedOptions.ParseSize(parsed.GetRequiredValue(SharedOptions.Size));
            var framesPerSecond = parsed.GetValue(fps);
            if (framesPerSecond is < 1 or > 120) throw new SimulatorException($"--fps is {framesPerSecond}; it must be 1 to 120.");
            var number = parsed.GetValue(port);
            if (number is < 0 or > 65_535) throw new SimulatorException($"--port is {number}; it must be 0 to 65535.");
            if (!IPAddress.TryParse(parsed.GetValue(address), out var ip)) throw new SimulatorException($"--address is '{parsed.GetValue(address)}'; it must be an IP address such as 127.0.0.1 or 0.0.0.0.");
            var line = new LineOptions(
                width, height, framesPerSecond, parsed.GetValue(SharedOptions.Seed), SharedOptions.CheckShare(parsed.GetValue(SharedOptions.Defects)), parsed.GetRequiredValue(SharedOptions.Ffmpeg));
            var names = parsed.GetRequiredValue(lines).Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            return await LineHost.RunAsync(new HostOptions(names, ip, number, line), cancel);
        });
        return command;
    }
}
