using CvOps.Contracts.Identity;
using CvOps.Testing;

namespace CvOps.Shared.Tests.Identity;

public sealed class BrokerAccessTests
{
    [Fact]
    public void The_access_list_for_a_host_of_its_own_is_the_one_the_code_writes() =>
        Assert.Equal(BrokerConfig.AccessList(), File.ReadAllText(TestData.InRepository("deploy", "cloud", "acl")));
}
