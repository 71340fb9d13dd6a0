using CvOps.Agent.Capture;
using CvOps.Agent.Configuration;
using CvOps.Agent.Link;
using CvOps.Agent.Reports;
using CvOps.Agent.Sampling;
using CvOps.Agent.Spool;
using CvOps.Observability.Metrics;

namespace CvOps.Agent.Health;

/// <summary>What is worth a metric and no part of the health message: program, disk, link, queue, sampling budget.</summary>
internal sealed class DeviceNumbers(AgentOptions options, IEnumerable<CameraLoop> cameras, FrameQueue queue, IFleetLink link, SpoolLog spool, SamplingBudget budget) : IMetricsSource
{
    public void Write(MetricPage page)
    {
        foreach (var camera in cameras) page.Add(AgentMetrics.FramesCaptured, camera.Lane.Meter.FramesCaptured, camera.Lane.Camera.Value);
        page.Add(AgentMetrics.FramesWaiting, queue.Waiting).Add(AgentMetrics.Info, 1, AgentVersion.Text).Add(AgentMetrics.CpuSeconds, Environment.CpuUsage.TotalTime.TotalSeconds)
            .Add(AgentMetrics.LinkConnected, link.State == LinkState.Connected ? 1 : 0).Add(AgentMetrics.LinkAttempts, link.Attempts);
        foreach (var (of, age) in spool.Ages()) page.Add(AgentMetrics.SpoolOldest, age.TotalSeconds, SpoolClasses.Name(of));
        foreach (var purse in Enum.GetValues<SamplingPurse>())
            page.Add(AgentMetrics.BudgetLeft, budget.Left(purse), purse.ToString().ToLowerInvariant()).Add(AgentMetrics.BudgetPerHour, budget.PerHour(purse), purse.ToString().ToLowerInvariant());
        Disk(page);
    }

    private void Disk(MetricPage page)
    {
        try
        {
            var disk = new DriveInfo(Path.GetFullPath(options.Data));
            page.Add(AgentMetrics.DiskFree, disk.AvailableFreeSpace).Add(AgentMetrics.DiskSize, disk.TotalSize);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A disk that cannot be asked has no numbers; what the spool says of it is there.
        }
    }
}
