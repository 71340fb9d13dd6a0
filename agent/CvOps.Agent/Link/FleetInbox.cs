using System.Threading.Channels;
using CvOps.Contracts.Identity;
using CvOps.Contracts.Twin;

namespace CvOps.Agent.Link;

/// <summary>What the fleet wants of this device, whichever way it came.</summary>
internal sealed class FleetInbox
{
    private const int WaitingCommands = 64;

    private readonly Channel<Command> _commands = Channel.CreateBounded<Command>(new BoundedChannelOptions(WaitingCommands));
    // Only the newest answer counts; what it pushes out is nobody's any more.
    private readonly Channel<CertificateAnswer> _certificates = Channel.CreateBounded<CertificateAnswer>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });
    private readonly Lock _lock = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The newest desired twin; null before the first.</summary>
    public TwinDesired? Desired { get; private set; }

    /// <summary>Commands in the order they came, perhaps twice; whoever reads them looks at their expiry.</summary>
    public ChannelReader<Command> Commands => _commands.Reader;

    /// <summary>Answers to what was asked on <c>identity/request</c>, the newest alone.</summary>
    public ChannelReader<CertificateAnswer> Certificates => _certificates.Reader;

    /// <summary>The newest desired twin once its version is above this one.</summary>
    public async Task<TwinDesired> NextDesiredAsync(long aboveVersion, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (Desired is { } desired && desired.Version > aboveVersion) return desired;
                changed = _changed.Task;
            }
            await changed.WaitAsync(cancellationToken);
        }
    }

    /// <returns>False for a document no newer than the one there is.</returns>
    public bool Put(TwinDesired desired)
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            if (Desired is not null && desired.Version <= Desired.Version) return false;
            Desired = desired;
            changed = _changed;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        changed.SetResult();
        return true;
    }

    /// <returns>False when too many wait already; the fleet sees its command expire.</returns>
    public bool Put(Command command) => _commands.Writer.TryWrite(command);

    public void Put(CertificateAnswer answer) => _certificates.Writer.TryWrite(answer);
}
