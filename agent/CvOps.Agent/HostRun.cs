using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace CvOps.Agent;

/// <summary>Runs the host from start to end. Its own <c>RunAsync</c> leaves what had started running when a later start fails, and takes a dead loop for success.</summary>
internal static class HostRun
{
    private const int Failure = 1;

    /// <param name="host">Disposed at the end.</param>
    /// <returns>0 when told to stop, 1 when a loop died.</returns>
    public static async Task<int> ToTheEndAsync(IHost host)
    {
        await using var disposal = (IAsyncDisposable)host;
        var stopping = host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        var loops = host.Services.GetServices<IHostedService>().OfType<BackgroundService>().ToArray();
        try
        {
            await host.StartAsync();
            await host.WaitForShutdownAsync();
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Told to stop before the start was over.
            await host.StopAsync();
        }
        catch
        {
            // In order: no link is disposed under its loop, and this start does not count against the model.
            await host.StopAsync();
            throw;
        }
        return loops.Any(loop => loop.ExecuteTask is { IsFaulted: true }) ? Failure : 0;
    }
}
