using System.Net;
using System.Net.Sockets;

namespace CvOps.Shared.Tests.Mqtt;

/// <summary>Sends fixed bytes after CONNECT has come, then listens until the client goes.</summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly TaskCompletionSource _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _serving;

    public ScriptedServer(params byte[][] answers)
    {
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _serving = ServeAsync(answers);
    }

    public int Port { get; }

    /// <summary>Completes when every answer was given.</summary>
    public Task Answered => _answered.Task;

    /// <summary>False: everything at once after the first packet.</summary>
    public bool AnswersAfterEachPacket { get; init; }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _serving;
    }

    private async Task ServeAsync(byte[][] answers)
    {
        try
        {
            using var client = await _listener.AcceptTcpClientAsync();
            var stream = client.GetStream();
            var buffer = new byte[4096];
            _ = await stream.ReadAsync(buffer);
            for (var index = 0; index < answers.Length; index++)
            {
                if (index > 0 && AnswersAfterEachPacket) _ = await stream.ReadAsync(buffer);
                await stream.WriteAsync(answers[index]);
            }
            _answered.TrySetResult();
            while (await stream.ReadAsync(buffer) > 0)
            {
            }
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
        }
    }
}
