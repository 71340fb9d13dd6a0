using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using CvOps.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Systemd;

namespace CvOps.Shared.Tests.Systemd;

public sealed class SystemdTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_notification_arrives_on_the_managers_socket(bool isAbstract)
    {
        using var folder = new TestFolder();
        var name = isAbstract ? $"@cvops-{Guid.NewGuid():N}" : folder["notify"];
        using var manager = Listen(name);
        var notifier = new SystemdNotifier(name);

        notifier.Notify(ServiceState.Ready);
        notifier.Notify(new ServiceState("WATCHDOG=1"));

        Assert.True(notifier.IsEnabled);
        Assert.Equal("READY=1", await ReceiveAsync(manager));
        Assert.Equal("WATCHDOG=1", await ReceiveAsync(manager));
    }

    [Fact]
    public void Without_a_socket_nothing_is_sent()
    {
        var notifier = new SystemdNotifier(null);
        Assert.False(notifier.IsEnabled);
        notifier.Notify(ServiceState.Ready);
    }

    [Fact]
    public async Task A_host_says_ready_then_stopping_and_SIGTERM_stops_it()
    {
        using var folder = new TestFolder();
        using var manager = Listen(folder["notify"]);
        var builder = new HostApplicationBuilder();
        SystemdHostBuilderExtensions.Add(builder.Services);
        builder.Services.AddSingleton<ISystemdNotifier>(new SystemdNotifier(folder["notify"]));
        using var host = builder.Build();

        var running = host.RunAsync(TestContext.Current.CancellationToken);
        Assert.Equal("READY=1", await ReceiveAsync(manager));
        Assert.Equal(0, Kill(Environment.ProcessId, 15));
        Assert.Equal("STOPPING=1", await ReceiveAsync(manager));
        await running.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData(1, "/run/notify", "bash", true)]
    [InlineData(1, null, "systemd", false)]
    [InlineData(77, null, "systemd", true)]
    [InlineData(77, "/run/notify", "bash", false)]
    public void A_service_is_a_child_of_systemd_or_a_notified_process_1(int processId, string? socket, string parent, bool expected) =>
        Assert.Equal(expected, SystemdHelpers.IsSystemdService(processId, name => name == "NOTIFY_SOCKET" ? socket : null, () => parent));

    [Fact]
    public void The_parents_name_is_read_from_proc() => Assert.NotEmpty(SystemdHelpers.ParentName()!);

    [Fact]
    public void Outside_systemd_nothing_is_registered()
    {
        if (SystemdHelpers.IsSystemdService()) Skip.Because("these tests run as a service");
        Assert.Empty(new ServiceCollection().AddSystemd());
    }

    private static Socket Listen(string name)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(name[0] == '@' ? "\0" + name[1..] : name));
        return socket;
    }

    private static async Task<string> ReceiveAsync(Socket socket)
    {
        var buffer = new byte[256];
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(10));
        return Encoding.UTF8.GetString(buffer, 0, await socket.ReceiveAsync(buffer, limit.Token));
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int processId, int signal);
}
