using System.Text.Json;
using CvOps.Agent.Sampling;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Testing;
using CvOps.Vision;
using Microsoft.Extensions.Logging.Abstractions;

namespace CvOps.Agent.Tests.Sampling;

public sealed class SamplingLoopTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    private readonly TestFolder _folder = new();
    private readonly InspectionRig _rig = new();
    private readonly List<SampledFrame> _appended = [];

    [Fact]
    public async Task A_picked_frame_reaches_the_spool_as_a_picture_with_its_reason_even_when_the_camera_stops()
    {
        var options = new SamplingOptions { FramesPerHour = 3600, AuditProbability = 0 };
        var budget = new SamplingBudget(options, _folder.Path, _rig.Time);
        using var sampler = new FrameSampler(options, budget, _rig.Time, new Random(1));
        await using var running = await StartAsync(options, sampler, budget);
        _rig.Show(sampler, margin: 0.25, part: "p7", shadow: "red", luma: 150);
        _rig.Time.Advance(TimeSpan.FromSeconds(11));
        await Eventually.Async(() => Count == 1, Deadline, () => $"{Count} frames", TestContext.Current.CancellationToken);

        var frame = JsonSerializer.Deserialize(JsonSerializer.Serialize(_appended[0], ContractsJson.Default.SampledFrame), ContractsJson.Default.SampledFrame)!;
        Assert.Equal(new Origin(new DeviceId("edge-1"), 3, 1), frame.Origin);
        Assert.Equal(("cam", "p7", 1, 0L), (frame.Camera.Value, frame.Part, frame.Connection, frame.Frame));
        Assert.Equal([new SamplingReason(MarginRule.Name, 0.75), new SamplingReason(LeastConfidenceRule.Name, 0.5625)], frame.Reasons);
        Assert.True(Identifier.IsValid(frame.FrameId));
        Assert.Equal(1, frame.InclusionProbability);
        var picture = JpegCodec.Decode(frame.Jpeg);
        Assert.Equal((InspectionRig.Width, InspectionRig.Height), (picture.Width, picture.Height));

        // Limited-range luma 150 is grey 156 in full range.
        Assert.InRange(FrameStatistics.Measure(picture.View).Brightness, 153, 159);
    }

    [Fact]
    public async Task The_loop_sends_no_more_than_the_budget_pays_for()
    {
        var options = new SamplingOptions { FramesPerHour = 10, AuditShare = 0.5, DisagreementShare = 0, AuditProbability = 1 };
        var budget = new SamplingBudget(options, _folder.Path, _rig.Time);
        using var sampler = new FrameSampler(options, budget, _rig.Time, new Random(1));
        await using var running = await StartAsync(options, sampler, budget);
        for (var i = 0; i < 30; i++) _rig.Show(sampler, margin: 1);
        _rig.Time.Advance(TimeSpan.FromMinutes(13));
        await Eventually.Async(() => Count == 5, Deadline, () => $"{Count} frames", TestContext.Current.CancellationToken);
        await running.DisposeAsync();

        Assert.Equal(5, Count);
        Assert.All(_appended, frame => Assert.Equal(1, frame.InclusionProbability));
        Assert.Equal(5, _appended.Select(frame => frame.FrameId).Distinct().Count());
    }

    public void Dispose()
    {
        _rig.Dispose();
        _folder.Dispose();
    }

    private int Count
    {
        get
        {
            lock (_appended) return _appended.Count;
        }
    }

    private async Task<Running> StartAsync(SamplingOptions options, FrameSampler sampler, SamplingBudget budget)
    {
        void Append(Func<Origin, SampledFrame> make)
        {
            lock (_appended) _appended.Add(make(new Origin(new DeviceId("edge-1"), 3, _appended.Count + 1)));
        }

        var loop = new SamplingLoop(options, sampler, budget, Append, _rig.Time, NullLogger<SamplingLoop>.Instance);
        await loop.StartAsync(TestContext.Current.CancellationToken);
        await _rig.Time.UntilTimersAsync(1, TestContext.Current.CancellationToken);
        return new Running(loop);
    }

    private sealed class Running(SamplingLoop loop) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await loop.StopAsync(CancellationToken.None);
    }
}
