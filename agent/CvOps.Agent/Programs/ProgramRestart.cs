using Microsoft.Extensions.Hosting;

namespace CvOps.Agent.Programs;

/// <summary>The agent is to end in order and start anew as another program. Made before the host and asked after its end.</summary>
internal sealed class ProgramRestart
{
    private volatile bool _requested;

    public bool Requested => _requested;

    public void Request(IHostApplicationLifetime lifetime)
    {
        _requested = true;
        lifetime.StopApplication();
    }
}
