using System.Text.Json;
using CvOps.Agent.Drift;
using CvOps.Agent.Tests.Sampling;
using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Testing;
using CvOps.Vision;
using CvOps.Vision.Packaging;
using Microsoft.Extensions.Logging.Abstractions;

namespace CvOps.Agent.Tests.Drift;

/// <summary>Hours of a camera at ten frames a second, its clock in hand.</summary>
public sealed class DriftBudgetTests : IDisposable
{
    private readonly InspectionRig _rig;
    private readonly Random _chance = new(20_261_121);
    private readonly TestFolder _folder = new();
    private readonly List<(TimeSpan At, DriftWindow Window, int Bytes)> _reported = [];
    private long _shown;

    public DriftBudgetTests()
    {
        var profile = new ReferenceProfileBuilder();
        for (var i = 0; i < 500; i++) profile.Add(Draw(0), new Prediction { Class = "red", Confidence = 0.8 + 0.2 * _chance.NextDouble(), Entropy = _chance.NextDouble() });
        _rig = new() { Model = TinyModel.Load(profile: profile.Build()) };
    }

    [Fact]
    public void A_quiet_camera_keeps_within_its_bytes_and_leaves_out_no_frame()
    {
        using (var windows = Windows()) Run(windows, TimeSpan.FromHours(4));
        Assert.Equal(_shown, _reported.Sum(r => r.Window.Frames));
        WithinBudget();
        // First at fifty frames, then at a minute, so that a baseline is soon learned; long ones later.
        Assert.Equal(50, _reported[0].Window.Frames);
        Assert.InRange(_reported[1].Window.Frames, 600, 602);
        Assert.All(_reported.Skip(6).SkipLast(1), r => Assert.InRange(r.Window.Frames, 9_000, 36_000));
    }

    [Fact]
    public void A_change_is_reported_at_once_and_apart_from_what_was_before()
    {
        using var windows = Windows();
        Run(windows, TimeSpan.FromHours(2));
        var before = _reported.Count;
        var changedAt = Elapsed;
        var shown = _shown;
        Run(windows, TimeSpan.FromMinutes(5), brightness: -40);
        var (_, old, _) = _reported[before];
        var (at, fresh, _) = _reported[before + 1];
        Assert.InRange(at - changedAt, TimeSpan.Zero, TimeSpan.FromMinutes(1.5));
        double Mean(DriftWindow window) => window.Sketches![Covariates.Brightness][0] / 1024.0 / window.Frames;
        Assert.InRange(Mean(old), 127, 133);
        Assert.InRange(Mean(fresh), 87, 100);
        Assert.InRange(_reported.Take(before + 1).Sum(r => r.Window.Frames), shown - 200, shown + 200);
        WithinBudget();
    }

    [Fact]
    public void A_world_that_never_stands_still_stays_within_the_bytes_and_is_counted_whole()
    {
        using (var windows = Windows())
        {
            for (var i = 0; i < 90; i++) Run(windows, TimeSpan.FromMinutes(2), brightness: i % 2 * 50);
        }
        Assert.InRange(_reported.Count, 12, 50);
        WithinBudget();
        // What did not fit by the end waits on the disk for the next start.
        var memory = new DriftMemory(_folder.Path, _rig.Time, NullLogger.Instance);
        Assert.Equal(_shown, _reported.Sum(r => r.Window.Frames) + memory.Waiting.Sum(w => w.Frames));
    }

    [Fact]
    public void A_restart_forgets_neither_the_bytes_nor_the_window_that_did_not_fit()
    {
        for (var i = 0; i < 30; i++)
        {
            using var windows = Windows();
            Run(windows, TimeSpan.FromSeconds(20));
        }
        WithinBudget();
        Assert.InRange(_reported.Count, 5, 20);
        _rig.Time.Advance(TimeSpan.FromHours(1));
        using (var windows = Windows())
        {
            _rig.Time.Advance(TimeSpan.FromMinutes(1));
            windows.Tick();
        }
        Assert.Equal(_shown, _reported.Sum(r => r.Window.Frames));
    }

    [Fact]
    public void Windows_of_two_models_that_do_not_fit_wait_apart()
    {
        using (var windows = Windows())
        {
            var profile = _rig.Model.Profile;
            for (var i = 0; i < 40; i++)
            {
                Run(windows, TimeSpan.FromSeconds(5));
                _rig.Model.Dispose();
                _rig.Model = TinyModel.Load(i % 2 == 0 ? "2" : "1", profile);
            }
        }
        WithinBudget();
        var waiting = new DriftMemory(_folder.Path, _rig.Time, NullLogger.Instance).Waiting;
        Assert.Equal(2, waiting.Select(w => w.Model.Digest).Distinct().Count());
        Assert.Equal(_shown, _reported.Sum(r => r.Window.Frames) + waiting.Sum(w => w.Frames));
    }

    [Fact]
    public void A_memory_that_is_no_json_costs_the_memory_and_no_frame()
    {
        File.WriteAllText(Path.Combine(_folder.Path, "drift.json"), "{");
        var memory = new DriftMemory(_folder.Path, _rig.Time, NullLogger.Instance);
        Assert.Empty(memory.Waiting);
        using (var windows = Windows()) Run(windows, TimeSpan.FromMinutes(1));
        Assert.Equal(_shown, _reported.Sum(r => r.Window.Frames));
    }

    public void Dispose()
    {
        _rig.Dispose();
        _folder.Dispose();
    }

    private TimeSpan Elapsed => TimeSpan.FromSeconds(_shown / 10.0);

    private DriftWindows Windows() => new(new DriftOptions(), make =>
    {
        var window = make(new Origin(new DeviceId("edge-1"), 12, 1_000_000 + _reported.Count));
        var topic = new Topics(new SiteId("hall"), new DeviceId("edge-1")).Drift(window.Camera);
        _reported.Add((Elapsed, window, JsonSerializer.SerializeToUtf8Bytes(window, ContractsJson.Default.DriftWindow).Length + topic.Length));
    }, _rig.Time, _ => 40, new DriftMemory(_folder.Path, _rig.Time, NullLogger.Instance));

    private void Run(DriftWindows windows, TimeSpan duration, double brightness = 0)
    {
        for (var i = 0; i < duration.TotalSeconds * 10; i++)
        {
            _rig.Show(windows, margin: 0.6 + 0.4 * _chance.NextDouble(), statistics: Draw(brightness));
            _shown++;
            _rig.Time.Advance(TimeSpan.FromMilliseconds(100));
            if (i % 10 == 0) windows.Tick();
        }
    }

    private FrameStatistics Draw(double brightness)
    {
        double Normal() => Math.Sqrt(-2 * Math.Log(1 - _chance.NextDouble())) * Math.Cos(2 * Math.PI * _chance.NextDouble());
        return new(130 + brightness + 12 * Normal(), 30 + 4 * Normal(), 2.5 + 0.3 * Normal()) { Noise = 3 + Normal() / 4, Saturation = 20 + 3 * Normal(), BlueCast = Normal(), RedCast = Normal() };
    }

    /// <summary>No hour, wherever it begins, has more than the budget.</summary>
    private void WithinBudget()
    {
        foreach (var (from, _, _) in _reported)
            Assert.InRange(_reported.Where(r => r.At >= from && r.At < from + TimeSpan.FromHours(1)).Sum(r => r.Bytes), 1, 8192);
    }
}
