package io.moesaic.wire;

import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.concurrent.TimeUnit;

/// The event loops of a process, and the gRPC channels and servers that run on them, with the
/// settings that token batches need: native epoll where there is one, no Nagle delay, flow-control
/// windows that hold a whole dispatch (with gRPC's default of 64 KiB a batch of 512 KiB takes 3.5
/// times as long), and keep-alives, so that a host that vanished is noticed.
///
/// Handlers run on the event loops themselves: they move bytes, they never compute or block.
public final class Transport implements AutoCloseable {
  /// At least twice the bytes that are in flight at a time.
  private static final int FLOW_CONTROL_WINDOW = 16 << 20;

  private static final long KEEP_ALIVE_SECONDS = 10;
  private static final long KEEP_ALIVE_TIMEOUT_SECONDS = 5;

  private final EventLoopGroup eventLoops;

  /// @param threads event loops; one or two serve a node
  public Transport(int threads, String name) {
    eventLoops =
        new MultiThreadIoEventLoopGroup(
            threads,
            new DefaultThreadFactory(name, true),
            Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
  }

  /// A server that is yet to be given its services, built and started.
  public NettyServerBuilder server(NodeAddress address, WireLimits limits) {
    Class<? extends ServerChannel> type =
        Epoll.isAvailable() ? EpollServerSocketChannel.class : NioServerSocketChannel.class;
    return NettyServerBuilder.forAddress(address.socket())
        .channelType(type)
        .bossEventLoopGroup(eventLoops)
        .workerEventLoopGroup(eventLoops)
        .directExecutor()
        .withChildOption(ChannelOption.TCP_NODELAY, true)
        .flowControlWindow(FLOW_CONTROL_WINDOW)
        .maxInboundMessageSize(limits.maxMessageBytes())
        .keepAliveTime(KEEP_ALIVE_SECONDS, TimeUnit.SECONDS)
        .keepAliveTimeout(KEEP_ALIVE_TIMEOUT_SECONDS, TimeUnit.SECONDS)
        .permitKeepAliveTime(KEEP_ALIVE_SECONDS / 2, TimeUnit.SECONDS)
        .permitKeepAliveWithoutCalls(true);
  }

  /// A channel to one node. It connects when it is first used, and again after each loss.
  public ManagedChannel channel(NodeAddress address, WireLimits limits) {
    Class<? extends Channel> type =
        Epoll.isAvailable() ? EpollSocketChannel.class : NioSocketChannel.class;
    return NettyChannelBuilder.forAddress(address.socket())
        .channelType(type)
        .eventLoopGroup(eventLoops)
        .directExecutor()
        .usePlaintext()
        .withOption(ChannelOption.TCP_NODELAY, true)
        .flowControlWindow(FLOW_CONTROL_WINDOW)
        .maxInboundMessageSize(limits.maxMessageBytes())
        .keepAliveTime(KEEP_ALIVE_SECONDS, TimeUnit.SECONDS)
        .keepAliveTimeout(KEEP_ALIVE_TIMEOUT_SECONDS, TimeUnit.SECONDS)
        .keepAliveWithoutCalls(true)
        .build();
  }

  /// Ends the event loops. Channels and servers must have been shut down before.
  @Override
  public void close() {
    eventLoops.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
  }
}
