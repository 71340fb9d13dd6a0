using CvOps.Cli.Commands;
using CvOps.Cli.Output;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using Spectre.Console;

namespace CvOps.Fleet.Tests.Cli;

public sealed class DeviceListTests
{
    private static readonly string[] Ids = ["press-line-ulm-0042", "d1", "inspection-cell-7-computer-b"];

    [Fact]
    public void A_terminal_of_80_columns_has_a_line_for_a_device_and_its_whole_id()
    {
        var lines = Print(wide: false, 80);
        Assert.All(lines, line => Assert.InRange(line.Length, 0, 80));
        foreach (var id in Ids) Assert.Contains(lines, line => line.TrimStart().StartsWith(id + " ", StringComparison.Ordinal) && line.Contains("Online", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("1 of 2", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("(Soaking)", StringComparison.Ordinal));
    }

    [Fact]
    public void A_wide_one_names_each_camera()
    {
        var lines = Print(wide: true, 200);
        Assert.Contains(lines, line => line.Contains("press-line-ulm-0042", StringComparison.Ordinal) && line.Contains("top:Live side:Lost", StringComparison.Ordinal) && line.Contains("2026-11-02 00:00:00Z", StringComparison.Ordinal));
    }

    private static string[] Print(bool wide, int columns)
    {
        using var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Interactive = InteractionSupport.No, Out = new AnsiConsoleOutput(text) });
        console.Profile.Width = columns;
        DeviceList.Show(new Screen(console, json: false), [.. Ids.Select(Device)], wide);
        return text.ToString().Split('\n');
    }

    private static DeviceView Device(string id)
    {
        var (at, device) = (new DateTimeOffset(2026, 11, 2, 0, 0, 0, TimeSpan.Zero), new DeviceId(id));
        CameraHealth Camera(string name, CameraState state) => new(new CameraId(name), state, 12.5, 20, 100, 0, 0, 0, null);
        return new DeviceView
        {
            Id = device, Site = new SiteId("ulm-plant-2"), Connectivity = Connectivity.Online, LastSeen = at, Labels = new Dictionary<string, string>(), Inspections = 123_456_789, Duplicates = 0,
            Health = new DeviceHealth
            {
                Origin = new Origin(device, 1, 1, 1), At = at, UptimeSeconds = 1, ResidentBytes = 1, Provider = "CPU", Spool = new SpoolHealth(0, 0, 1, 0, 0),
                Cameras = [Camera("top", CameraState.Live), Camera("side", CameraState.Lost)],
            },
            Reported = new TwinReported
            {
                DesiredVersion = 1, Boot = 1, At = at, AgentVersion = "1", Provider = "CPU", Cameras = [],
                Model = new ReportedModel { State = UpdateState.Soaking, Active = new ModelRef("surface-defects", "2025.11.3-rc1", new string('a', 64)) },
            },
        };
    }
}
